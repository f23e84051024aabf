"""Custom metrics are looked up for stable before anything moves: a slip of the pen is told from silence."""

import re
from typing import Any

import pytest

from steps.errors import PermanentError
from steps.evidence import EvidenceReader
from steps.evidence.definitions.custom_metrics import CustomMetric, CustomMetricContext, Selection
from steps.evidence.preflight.custom_metrics import Findings, check_custom_metrics
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus

CARD = {"kind": "card"}
PAIR = CustomMetric("checkout", "shop", "shop-canary", Selection("failed_total", CARD), Selection("all_total", CARD))
TIMES = CustomMetric("search", "shop", "shop-canary", histogram=Selection("seconds_bucket"), bound=0.5, unit="s")
AROUND = CustomMetricContext("ns")
STABLES = 'pod=~"shop-[a-z0-9]+-[a-z0-9]+",namespace="ns"'


def prometheus(**found: int) -> CannedPrometheus:
    """Count series by a pattern of the query's metric and of whether it names stable's pods."""

    def answer(promql: str) -> list[dict[str, Any]]:
        if "__name__" in promql:
            return []
        name = re.findall(r"([a-z_]+)\{", promql)[0]
        count = found.get(f"{name}_of_stable" if "pod=~" in promql else name, 0)
        if "by (pod)" in promql:
            return [{"metric": {"pod": f"shop-6d4cf56db6-{i:05}"}, "value": [NOW, "1"]} for i in range(count)]
        if "by (le)" in promql:
            bounds = ("0.1", "1.0", "+Inf")
            return [{"metric": {"le": bound}, "value": [NOW, "3"]} for bound in bounds]
        return [{"metric": {}, "value": [NOW, str(count)]}] if count else []

    return CannedPrometheus(answer)


def test_what_stable_has_is_no_matter() -> None:
    """One query for the whole, one for the bad ones."""
    known = prometheus(all_total_of_stable=2, failed_total=1)
    assert Findings() == check_custom_metrics(known, [PAIR], AROUND)
    assert [f'count by (pod) (all_total{{{STABLES},kind="card"}})', 'count(failed_total{kind="card"})'] == known.asked


def test_a_name_that_nobody_has_is_a_fault() -> None:
    """The sentence names the series and the way out for what is normally silent."""
    found = check_custom_metrics(prometheus(), [PAIR], AROUND).faults
    assert 1 == len(found)
    assert found[0].startswith("metric checkout: Prometheus has no series all_total at all: check its name, and that")
    assert found[0].endswith(" or say `required: false` where silence is normal")


def test_a_series_of_others_only_points_at_the_labels() -> None:
    """The name is right, so a matcher is not."""
    found = check_custom_metrics(prometheus(all_total=7), [PAIR], AROUND).faults
    assert 1 == len(found)
    assert f'has 7 series all_total, but none of stable\'s (all_total{{{STABLES},kind="card"}})' in found[0]


def test_a_metric_that_may_be_silent_is_only_a_warning() -> None:
    """`required: false`: some promotions sell nothing."""
    optional = CustomMetric("rare", "shop", "shop-canary", PAIR.bad, PAIR.every, required=False)
    found = check_custom_metrics(prometheus(failed_total=1), [optional], AROUND)
    assert ((), 1) == (found.faults, len(found.warnings))
    assert "required: false" not in found.warnings[0]


def test_a_failure_that_never_happened_is_only_a_warning() -> None:
    """Its counter is born with the first one; a mistaken name looks the same, which is said."""
    found = check_custom_metrics(prometheus(all_total_of_stable=2), [PAIR], AROUND)
    assert ((), 1) == (found.faults, len(found.warnings))
    assert (
        'no series failed_total{kind="card"} was seen yet, which is right if nothing was ever bad' in found.warnings[0]
    )


def test_a_bound_that_no_bucket_has_is_a_fault_with_those_it_has() -> None:
    """In either spelling of numbers."""
    known = prometheus(seconds_bucket_of_stable=3)
    found = check_custom_metrics(known, [TIMES], AROUND).faults
    right = CustomMetric("search", "shop", "shop-canary", histogram=Selection("seconds_bucket"), bound=1.0)
    assert "seconds_bucket has no bucket bound 0.5, which no count can be read at; its bounds are 0.1, 1" in found[0]
    assert Findings() == check_custom_metrics(known, [right], AROUND)


def test_all_faults_come_in_one_refusal() -> None:
    """Nobody wants to correct a file by halves."""
    reader = EvidenceReader(prometheus(), ARMS, custom=(PAIR, TIMES))
    with pytest.raises(PermanentError, match=r"custom metrics.*metric checkout:.*; metric search:"):
        reader.check_custom()
    assert () == EvidenceReader(prometheus(), ARMS).check_custom()
