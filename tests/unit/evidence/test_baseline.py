"""With a baseline, its requests are stable's arm since the start, and stable's own are its past."""

from typing import Any

import pytest

from steps.evidence.comparison import Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.custom_arms import CustomArmLabels, CustomMetricContext
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection, custom_metric
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Arm, Evidence, ProblemKind
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus, canned, counter, series

STARTED = NOW - 3
CONTROL = "shop-baseline"
YOUNG = {STARTED + 1: 2.0, STARTED + 2: 6.0, NOW: 9.0}
SERIES = [series("shop", counter(100, 50)), series(CONTROL, YOUNG), series("shop-canary", YOUNG, response_code="503")]


def read(prometheus: CannedPrometheus, **options: Any) -> Evidence:
    """Read a run with a baseline."""
    reader = EvidenceReader(prometheus, ARMS, bounds=Bounds(), **options)
    return reader.read(STARTED, NOW, weight=10, comparison=Comparison(control=CONTROL))


@pytest.mark.parametrize("reporter", ["source", "destination"])
def test_stable_is_the_past_and_the_baseline_the_present(reporter: str) -> None:
    """Stable still gets 50 requests a second; none counts once the baseline has its own."""
    strata = read(canned(SERIES, reporter=reporter)).metrics[0].series[0].strata
    assert [50] == sorted({one.stable.total for one in strata if one.end <= STARTED})
    present = [(one.stable.total, one.canary.total, one.canary.bad) for one in strata if one.start >= STARTED]
    assert [(2, 2, 2), (4, 4, 4), (3, 3, 3)] == present


def test_one_query_reads_all_three() -> None:
    """With one matcher; every name is escaped."""
    prometheus = canned(SERIES)
    read(prometheus)
    assert 3 == len(prometheus.asked)  # the reporter, all three, and the pods of stable's version by themselves
    assert 'destination_workload=~"shop|shop-canary|shop-baseline"' in prometheus.asked[1]


def test_the_weight_is_what_both_share() -> None:
    """Canary and baseline get the same number at every weight, so there is a comparison even at 100 %."""
    found = read(canned(SERIES))
    assert (50, CONTROL) == (found.weight, found.control)
    assert any(CONTROL in note for note in found.notes)


def test_the_reporter_and_the_bounds_come_from_stable() -> None:
    """They are chosen before the baseline has had a request."""
    prometheus = canned(SERIES)
    EvidenceReader(prometheus, ARMS).read(STARTED, NOW, comparison=Comparison(control=CONTROL))
    choosing = [asked for asked in prometheus.asked if "by (le)" in asked or "by (reporter)" in asked]
    assert choosing
    assert not [asked for asked in choosing if CONTROL in asked]


def test_without_a_baseline_nothing_changes() -> None:
    """Its series are neither queried nor counted, even if an earlier run left some."""
    prometheus = canned(SERIES)
    evidence = EvidenceReader(prometheus, ARMS, bounds=Bounds()).read(STARTED, NOW, weight=10)
    assert not [asked for asked in prometheus.asked if CONTROL in asked]
    assert (10, "") == (evidence.weight, evidence.control)
    assert [50, 50, 50] == [one.stable.total for one in evidence.metrics[0].series[0].strata][-3:]


def test_arms_tell_the_baseline_from_stables_past() -> None:
    """An empty label belongs to neither arm."""
    arms = ArmLabels("shop", "shop-canary", "ns", control=CONTROL)
    found = {name: arms.arm_of({"destination_workload": name}) for name in ("shop", CONTROL, "shop-canary", "", "x")}
    assert {"shop": Arm.STABLE, CONTROL: Arm.STABLE, "shop-canary": Arm.CANARY, "": None, "x": None} == found
    assert [True, False] == [arms.is_past({"destination_workload": name}) for name in ("shop", CONTROL)]
    assert ARMS.arm_of({"destination_workload": ""}) is None


def pods(name: str) -> dict[str, str]:
    """Return the labels of a pod's series."""
    return {"pod": f"{name}-7c9f8d6b5-x2v4z"}


def test_custom_metrics_compare_with_the_baselines_pods() -> None:
    """By the names of pods, where `shop` must not match `shop-baseline`."""
    counted = Selection("failed_total"), Selection("all_total")
    metric = CustomMetric("checkout", "shop", "shop-canary", *counted, baseline=CONTROL)
    arms = custom_metric(metric, CustomMetricContext("ns", against_baseline=True), 0.2).arms
    assert isinstance(arms, CustomArmLabels)
    assert [Arm.STABLE, Arm.STABLE, Arm.CANARY] == [arms.arm_of(pods(name)) for name in ("shop", CONTROL, ARMS.canary)]
    assert [True, False] == [arms.is_past(pods(name)) for name in ("shop", CONTROL)]
    alone = custom_metric(metric, CustomMetricContext("ns"), 0.2).arms
    assert alone is not None
    assert (None, False) == (alone.arm_of(pods(CONTROL)), alone.is_past(pods("shop")))


def test_a_custom_metric_that_the_baseline_lacks_never_passes() -> None:
    """Stable's series do not hide it."""
    counted = Selection("failed_total"), Selection("all_total")
    metric = CustomMetric("checkout", "shop", "shop-canary", *counted, baseline=CONTROL, namespace_label="")
    own = [
        {"metric": {"__name__": "all_total", "instance": name, **pods(name)}, "values": SERIES[0]["values"]}
        for name in ("shop", "shop-canary")
    ]

    def answer(promql: str) -> list[dict[str, object]]:
        if promql.startswith("label_replace"):
            return []
        return own if "all_total" in promql else canned(SERIES).query(promql).result

    found = read(CannedPrometheus(answer), custom=(metric,))
    assert found.problem is not None
    assert (ProblemKind.NO_SERIES, True) == (
        found.problem.kind,
        "its baseline for the metric" in found.problem.sentence,
    )
