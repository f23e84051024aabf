"""The latency objective is read at the bound at or next above its limit, and does not change the comparison."""

import pytest

from steps.errors import PermanentError
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.latency_objective import (
    ObjectiveBound,
    ObjectiveOutOfRangeError,
    bound_at_or_above,
    locate_objective,
)
from steps.evidence.definitions.metric_names import DURATIONS
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import LatencyObjective, MetricKind, ProblemKind
from tests.support.canned_prometheus import ARMS, NOW, REQUESTS, CannedPrometheus, Result, counter, series

P99 = LatencyObjective(0.99, 500.0)
DURATION = DURATIONS[0]
TEXTS = ("5", "100.0", "1000", "+Inf", "NaN", "", "odd")


@pytest.mark.parametrize(
    ("limit", "factor", "expected"),
    [
        (100.0, 1.0, 100.0),
        (99.0, 1.0, 100.0),
        (101.0, 1.0, 1000.0),
        (1001.0, 1.0, None),
        (5000.0, 1000.0, 5.0),
        (90000.0, 1000.0, 100.0),
    ],
)
def test_the_bound_is_at_or_next_above_the_limit(limit: float, factor: float, expected: float | None) -> None:
    """In the histogram's own unit; never +Inf, which has every request."""
    assert expected == bound_at_or_above(TEXTS, limit, factor)


def test_a_tenth_of_a_second_is_a_hundred_milliseconds() -> None:
    """But not to the last bit."""
    assert 0.1 == bound_at_or_above(["0.1", "0.3", "0.5"], 100.0, 1000.0)
    assert 0.3 == bound_at_or_above(["0.1", "0.3", "0.5"], 300.0, 1000.0)


def test_another_bound_is_reported() -> None:
    """Requests between the limit and the bound count as good."""
    assert ObjectiveBound(100.0, "p99.9") == locate_objective(LatencyObjective(0.999, 100.0), TEXTS, 1.0)
    found = locate_objective(P99, TEXTS, 1.0)
    assert (1000.0, "p99") == (found.bound, found.label)
    assert "no bound 500 ms, so 1000 ms is used" in found.note


@pytest.mark.parametrize(("texts", "said"), [(TEXTS, "1000 ms is its largest bound"), ((), "no bounds at all")])
def test_a_limit_that_no_bucket_reaches_is_refused(texts: tuple[str, ...], said: str) -> None:
    """With the bounds that exist, and the remedy."""
    with pytest.raises(ObjectiveOutOfRangeError, match=said) as caught:
        locate_objective(LatencyObjective(0.99, 2000.0), texts, 1.0)
    assert "statsHistogramBuckets" in str(caught.value)


BUCKETS = [
    series(arm, counter(0, step), le=le)
    for arm in ("shop", "shop-canary")
    for le, step in (("5.0", 2), ("1000", 5), ("+Inf", 9))
]


def canned(texts: tuple[str, ...], buckets: Result) -> CannedPrometheus:
    """Answer with these bounds of stable's histogram, and with these buckets."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        if promql.startswith("count by (__name__)"):
            return [{"metric": {"__name__": DURATION}, "value": [NOW, "2"]}] if texts else []
        if promql.startswith("topk"):
            return []
        if "count by (le)" in promql:
            return [{"metric": {"le": text}, "value": [NOW, "2"]} for text in texts]
        return REQUESTS if "requests_total" in promql else buckets

    return CannedPrometheus(answer)


def reader(prometheus: CannedPrometheus, bounds: Bounds, objective: LatencyObjective | None = P99) -> EvidenceReader:
    """Make a reader with an objective."""
    return EvidenceReader(prometheus, ARMS, bounds=bounds, latency_objective=objective)


def test_the_objective_has_strata_of_its_own() -> None:
    """The series of the comparison are the same with and without it."""
    bounds = Bounds((("p50", 5.0),))
    prometheus = canned(TEXTS, BUCKETS)
    evidence = reader(prometheus, bounds).read(NOW - 5, NOW)
    without = reader(canned(TEXTS, BUCKETS), bounds, None).read(NOW - 5, NOW)
    latency = next(metric for metric in evidence.metrics if metric.kind is MetricKind.LATENCY)
    assert latency.objective is not None
    assert ("p99", 1000.0) == (latency.objective.label, latency.objective.bound)
    assert [(9, 4)] * 5 == [(one.canary.total, one.canary.bad) for one in latency.objective.strata]
    assert next(one for one in without.metrics if one.name == "latency").series == latency.series
    assert [None] == [one.objective for one in without.metrics if one.name == "latency"]
    assert any("1000 ms is used" in note for note in evidence.notes)
    assert 5 == len(prometheus.asked_for_arms)


def test_an_objective_at_a_bound_of_the_comparison_shares_it() -> None:
    """No bound is queried twice."""
    prometheus = canned(TEXTS, BUCKETS)
    evidence = reader(prometheus, Bounds((("p50", 5.0), ("p99", 1000.0)))).read(NOW - 5, NOW)
    latency = next(metric for metric in evidence.metrics if metric.kind is MetricKind.LATENCY)
    assert latency.objective is not None
    assert latency.series[1].strata == latency.objective.strata
    assert 'le=~"\\\\+Inf|5(\\\\.0)?|1000(\\\\.0)?"' in prometheus.asked_for_arms[-1]


def test_a_canary_whose_histogram_lacks_the_bound_is_a_problem() -> None:
    """Its requests cannot be compared with the objective."""
    lacking = [one for one in BUCKETS if one["metric"]["destination_workload"] == "shop" or
               one["metric"]["le"] != "1000"]  # fmt: skip
    problem = reader(canned(TEXTS, lacking), Bounds((("p50", 5.0),))).read(NOW - 5, NOW).problem
    assert problem is not None
    assert (ProblemKind.BOUNDS_DIFFER, True) == (problem.kind, "no bound 1000 ms in latency" in problem.sentence)


def test_without_bounds_of_the_comparison_the_objective_is_read_alone() -> None:
    """Stable had no requests in the past hour, and has a histogram."""
    evidence = reader(canned(TEXTS, BUCKETS), Bounds()).read(NOW - 5, NOW)
    latency = next(metric for metric in evidence.metrics if metric.kind is MetricKind.LATENCY)
    assert ((), True) == (latency.series, latency.objective is not None)


@pytest.mark.parametrize("texts", [("5", "100", "+Inf"), ()])
def test_an_unreachable_limit_is_refused_by_the_preflight_and_a_problem_later(texts: tuple[str, ...]) -> None:
    """Never a pass without it."""
    beforehand, later = (reader(canned(texts, BUCKETS), Bounds((("p50", 5.0),))) for _ in range(2))
    with pytest.raises(PermanentError, match="cannot be read from stable's histogram"):
        beforehand.check()
    problem = later.read(NOW - 5, NOW).problem
    assert problem is not None
    assert ProblemKind.BOUNDS_DIFFER is problem.kind


def test_the_preflight_returns_the_note() -> None:
    """Prepare can then warn about it."""
    assert ["1000 ms is used" in text for text in reader(canned(TEXTS, BUCKETS), Bounds()).check()] == [True]
    assert () == reader(canned(TEXTS, BUCKETS), Bounds(), None).check()
