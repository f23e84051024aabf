"""The reader on canned responses: its queries, its evidence, its warnings."""

import re
from typing import Any

import pytest

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import MetricKind
from tests.support.canned_prometheus import ARMS, NOW, REQUESTS, CannedPrometheus, Result, canned, counter, read, series


def test_one_query_per_metric_for_both_arms() -> None:
    """The first errors of the canary are counted."""
    prometheus = canned(REQUESTS)
    evidence = read(prometheus)
    assert len(prometheus.asked_for_arms) == 2
    strata = evidence.metrics[0].series[0].strata
    assert [(s.canary.total, s.canary.bad, s.stable.total) for s in strata[-2:]] == [(3, 3, 9), (4, 4, 9)]
    assert (evidence.aligned, evidence.scrape_interval_seconds, evidence.until) == (True, 1.0, NOW)
    assert evidence.metrics[0].dropped_deltas == 1


def test_polls_fetch_increments_with_overlap() -> None:
    """The second query asks for seconds, not for the whole run."""
    prometheus = canned(REQUESTS)
    reader = EvidenceReader(prometheus, ARMS, bounds=Bounds())
    first, second = reader.read(NOW - 100, NOW), reader.read(NOW - 100, NOW)
    ranges = [int(match[1]) for asked in prometheus.asked_for_arms if (match := re.search(r"\[(\d+)s\]", asked))]
    assert ranges[0] >= 700
    assert ranges[1] < 15
    assert first.metrics[0].series == second.metrics[0].series


def test_earlier_runs_of_the_canary_are_not_judged() -> None:
    """Before the run began, the canary's name belonged to another release."""
    earlier = [series("shop", counter(100, 9)), series("shop-canary", counter(0, 5))]
    strata = read(canned(earlier), started=NOW - 2).metrics[0].series[0].strata
    assert [s.canary.total for s in strata] == [0, 0, 0, 5, 5]


def test_the_newest_scrape_of_the_past_is_known_before_the_first_of_the_run() -> None:
    """By it, the first scrape of the run is awaited."""
    evidence = read(canned(REQUESTS), started=NOW + 0.5)
    assert (evidence.until, evidence.newest) == (NOW + 0.5, NOW)


def test_destination_splits_stable_by_pod_and_is_not_aligned() -> None:
    """Stable's pods show how bursty bad requests are; a new canary pod counts from 0."""
    requests = [
        series("shop", counter(0, 4), "pod-a"),
        series("shop", counter(0, 6), "pod-b"),
        series("shop-canary", {NOW: 2}, "pod-c"),
    ]
    evidence = read(canned(requests, reporter="destination"))
    last = evidence.metrics[0].series[0].strata[-1]
    assert evidence.aligned is False
    assert [pod.total for pod in last.stable_pods] == [4, 6]
    assert (last.canary.total, last.stable.total) == (2, 10)


def test_latency_counts_and_arms_with_different_bounds() -> None:
    """Bad = all minus those within the bound; an arm without the bound is reported."""
    both = [
        series(arm, counter(0, step), le=le)
        for arm in ("shop", "shop-canary")
        for le, step in (("5.0", 2), ("+Inf", 3))
    ]
    bounds = Bounds((("p50", 5.0),))
    evidence = EvidenceReader(canned(REQUESTS, both), ARMS, bounds=bounds).read(NOW - 10, NOW)
    latency = next(metric for metric in evidence.metrics if metric.kind is MetricKind.LATENCY)
    last = latency.series[0].strata[-1]
    assert (last.canary.total, last.canary.bad, last.stable.bad) == (3, 1, 1)
    assert evidence.problem is None
    odd = EvidenceReader(canned(REQUESTS, [both[0], both[1], both[3]]), ARMS, bounds=bounds).read(NOW - 10, NOW)
    assert odd.problem is not None
    assert odd.problem.kind == "bounds-differ"
    assert "statsHistogramBuckets" in odd.problem.sentence


def test_too_many_series_are_summed_with_a_note() -> None:
    """Above the budget one query reads sums by class."""
    prometheus = canned(REQUESTS)
    evidence = read(prometheus, series_budget=1)
    assert "sum by (" in prometheus.asked_for_arms[-1]
    assert "response_code" in prometheus.asked_for_arms[-1]
    assert "more than 1 series" in evidence.notes[0]


@pytest.mark.parametrize(
    ("options", "requests", "at", "kind"),
    [
        ({"warnings": ("a store is gone",)}, REQUESTS, NOW, "warnings"),
        ({}, REQUESTS, NOW + 30, "metrics-late"),
        ({}, [], NOW, "no-series"),
    ],
)
def test_doubtful_answers_are_problems(options: dict[str, Any], requests: Result, at: float, kind: str) -> None:
    """Warnings, old samples, nothing at all."""
    prometheus = canned(requests, **options)
    prometheus.at = at
    problem = read(prometheus).problem
    assert problem is not None
    assert problem.kind == kind


def test_bounds_are_chosen_from_stable_alone() -> None:
    """The last hour, or all data if Prometheus is younger."""
    young = {"increase": [], "sum": [("100", "50"), ("250", "100"), ("+Inf", "100")]}

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        assert "canary" not in promql
        chosen = young["increase" if "increase" in promql else "sum"]
        return [{"metric": {"le": le}, "value": [NOW, value]} for le, value in chosen]

    bounds = EvidenceReader(CannedPrometheus(answer), ARMS).choose_bounds()
    assert bounds == Bounds((("p50", 100.0), ("p90/p99", 250.0)), None)
