"""Custom metrics on canned answers: one raw query each, exact counts, and no data is never a pass."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.custom_arms import CustomMetricContext
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection, custom_metric, custom_metric_from_json
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.evidence import Evidence, MetricEvidence, ProblemKind
from steps.model.judgement import Verdict
from tests.support.canned_prometheus import ARMS, NOW, REQUESTS, CannedPrometheus, Result, counter, series

PAIR = CustomMetric("checkout", "shop", "shop-canary", Selection("failed_total"), Selection("asked_total"))
SEARCH = CustomMetric(
    "search", "shop", "shop-canary", histogram=Selection("search_bucket"), bound=0.5, unit="s", label="app"
)


def pod(name: str, metric: str, values: dict[float, float], **labels: str) -> dict[str, Any]:
    """Make one series of a pod's own counter."""
    return {"metric": {"__name__": metric, "pod": name, **labels}, "values": [[at, str(v)] for at, v in values.items()]}


def read(metric: CustomMetric, own: Result) -> tuple[Evidence, list[str]]:
    """Read once, with the standard requests; returns the custom queries as well."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        if promql.startswith("label_replace"):
            return []
        return REQUESTS if promql.startswith("istio") else own

    prometheus = CannedPrometheus(answer)
    reader = EvidenceReader(prometheus, ARMS, bounds=Bounds(), custom=(metric,))
    evidence = reader.read(NOW - 10, NOW)
    return evidence, prometheus.asked_for_arms[3:]


def totals(metric: MetricEvidence) -> list[int]:
    """Sum the strata: stable total and bad, canary total and bad."""
    strata = metric.series[0].strata
    return [
        sum(s.stable.total for s in strata), sum(s.stable.bad for s in strata),
        sum(s.canary.total for s in strata), sum(s.canary.bad for s in strata),
    ]  # fmt: skip


PODS = [
    pod("shop-6d4cf56db6-x7k2p", "asked_total", counter(100, 10)),
    pod("shop-6d4cf56db6-x7k2p", "failed_total", counter(5, 0)),
    pod("shop-canary-7c9f8b5d4-q2w3e", "asked_total", counter(0, 4)),
    pod("shop-canary-7c9f8b5d4-q2w3e", "failed_total", {NOW - 1: 3, NOW: 5}),
    pod("shop-admin-7c9f8b5d4-q2w3e", "asked_total", counter(0, 99)),
]


def test_a_pair_of_counters_is_one_query_and_counted_exactly() -> None:
    """By pod names; the first failures of a new series are not lost; other Deployments' pods are not counted."""
    evidence, asked = read(PAIR, PODS)

    selector = (
        '{__name__=~"asked_total|failed_total",pod=~"shop-[a-z0-9]+-[a-z0-9]+|shop-canary-[a-z0-9]+-[a-z0-9]+"'
        ',namespace="ns"}[611s]'
    )
    assert [selector] == asked
    assert [50, 0, 20, 5] == totals(evidence.metrics[-1])
    assert evidence.problem is None
    assert False is evidence.metrics[-1].aligned


def test_one_counter_may_be_both_bad_and_all() -> None:
    """A label of the same counter marks failures; the query has the matchers of both selections."""
    bad = Selection("asked_total", {"kind": "card"}, {"outcome": "error|timeout"})
    metric = CustomMetric(
        "checkout", "shop", "shop-canary", bad, Selection("asked_total", {"kind": "card"}), label="app"
    )
    own = [
        series("-", counter(0, 5), app="shop", kind="card", outcome="ok", __name__="asked_total"),
        series("-", counter(0, 1), app="shop-canary", kind="card", outcome="ok", __name__="asked_total"),
        series("-", counter(0, 2), app="shop-canary", kind="card", outcome="timeout", __name__="asked_total"),
    ]
    evidence, asked = read(metric, own)

    assert ['asked_total{app=~"shop|shop-canary",namespace="ns",kind="card"}[611s]'] == asked
    assert [25, 0, 15, 10] == totals(evidence.metrics[-1])
    assert True is evidence.metrics[-1].aligned


def test_good_and_bad_counters_add_up_to_all() -> None:
    """No counter counts all events."""
    metric = CustomMetric("pay", "shop", "shop-canary", Selection("bad"), Selection("good"), every_is_good=True)
    own = [
        pod("shop-canary-7c9f8b5d4-q2w3e", "bad", counter(0, 1)),
        pod("shop-canary-7c9f8b5d4-q2w3e", "good", counter(0, 2)),
    ]
    evidence, _ = read(metric, own)

    assert [0, 0, 15, 5] == totals(evidence.metrics[-1])


@pytest.mark.parametrize(("above", "bad"), [(True, 5), (False, 20)])
def test_a_histogram_is_split_at_its_bound(above: bool, bad: int) -> None:  # noqa: FBT001 - parametrized
    """Above the bound, or at and below it."""
    own = [
        series("-", counter(0, 5), app="shop-canary", le="+Inf", __name__="search_bucket"),
        series("-", counter(0, 4), app="shop-canary", le="0.5", __name__="search_bucket"),
        series("-", counter(0, 5), app="shop", le="+Inf", __name__="search_bucket"),
        series("-", counter(0, 5), app="shop", le="0.5", __name__="search_bucket"),
    ]
    metric = CustomMetric(**{**asdict(SEARCH), "histogram": SEARCH.histogram, "above": above})
    evidence, asked = read(metric, own)

    assert ['search_bucket{app=~"shop|shop-canary",namespace="ns",le=~"\\\\+Inf|0\\\\.5"}[611s]'] == asked
    assert [25, bad] == totals(evidence.metrics[-1])[2:]


@pytest.mark.parametrize(("required", "kind"), [(True, ProblemKind.NO_SERIES), (False, None)])
def test_a_required_metric_without_series_is_a_problem(required: bool, kind: ProblemKind | None) -> None:  # noqa: FBT001
    """A typo in a name must not pass silently."""
    metric = CustomMetric("checkout", "shop", "shop-canary", PAIR.bad, PAIR.every, required=required)
    evidence, _ = read(metric, PODS[:2])

    assert kind == (evidence.problem.kind if evidence.problem else None)


def test_a_bound_that_no_bucket_has_is_a_problem() -> None:
    """The sentence names bound, unit and metric."""
    evidence, _ = read(SEARCH, [series("-", counter(0, 5), app="shop", le="+Inf", __name__="search_bucket")])

    assert evidence.problem is not None
    assert "stable's histograms have no bound 0.5 s in search: set a bound" in evidence.problem.sentence


def test_a_worse_custom_metric_fails_the_canary_and_is_named() -> None:
    """Although no request failed."""
    own = [*PODS[:2], pod("shop-canary-7c9f8b5d4-q2w3e", "asked_total", counter(0, 40)),
           pod("shop-canary-7c9f8b5d4-q2w3e", "failed_total", counter(0, 40))]  # fmt: skip
    evidence, _ = read(PAIR, own)
    evidence = Evidence((evidence.metrics[-1],), NOW - 10, NOW - 10, NOW, 1.0, aligned=False)
    judgement = judge(evidence, None, Rules(), deadline_reached=False)

    assert (Verdict.FAIL, "checkout") == (judgement.verdict, judgement.metric)
    assert "bad in checkout" in judgement.reason


def test_values_are_quoted() -> None:
    """A label value cannot leave its quotes."""
    metric = CustomMetric("x", 'sh"op', "c", Selection("a", {"k": 'v"} or up{x="'}), Selection("a"), label="app")

    assert r'app=~"sh\"op|c"' in custom_metric(metric, CustomMetricContext("ns"), 1.0).selector


@pytest.mark.parametrize("metric", [PAIR, SEARCH])
def test_a_recording_keeps_a_metric(metric: CustomMetric) -> None:
    """As JSON and back."""
    assert metric == custom_metric_from_json(asdict(metric))
