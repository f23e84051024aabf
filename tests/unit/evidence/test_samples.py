"""Odd responses are read as far as possible, or refused as not from Prometheus; they never crash or pass."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.prometheus_api.samples import RawSeries, parse_matrix
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.evidence import ProblemKind
from steps.model.judgement import Verdict
from tests.support.canned_prometheus import ARMS, NOW, REQUESTS, Result, canned, counter, series


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"metric": {}},
        {"metric": {}, "value": [1, "2"]},
        {"metric": {}, "values": None},
        {"metric": {}, "values": "12"},
        {"metric": {}, "values": {"1": "2"}},
        {"metric": {}, "values": [[1]]},
        {"metric": {}, "values": [[1, "2", 3]]},
        {"metric": {}, "values": ["12"]},
        {"metric": {}, "values": [[1, "many"]]},
        {"metric": {}, "values": [[1, None]]},
        {"metric": {}, "values": [[1, [2]]]},
        {"metric": {}, "values": [[None, "1"]]},
        {"metric": {}, "values": [["NaN", "1"]]},
        {"metric": "up", "values": []},
        {"metric": None, "values": []},
        {"values": [[1, "2"]]},
        "text",
        None,
        [1, 2],
    ],
)
def test_a_result_that_is_not_a_matrix_of_numbers_is_refused(entry: Any) -> None:  # noqa: ANN401 - what comes in may be anything
    """As a response of another program; half of it would look like few requests."""
    with pytest.raises(EvidenceError) as caught:
        parse_matrix([entry])
    assert ProblemKind.NOT_PROMETHEUS is caught.value.problem.kind


@pytest.mark.parametrize("name", ["histogram", "histograms"])
def test_native_histograms_are_named(name: str) -> None:
    """With the remedy."""
    with pytest.raises(EvidenceError, match="always_scrape_classic_histograms"):
        parse_matrix([{"metric": {}, name: [[1, {"count": "3"}]]}])


def test_values_that_no_counter_can_have_are_left_out() -> None:
    """NaN, infinite, negative, too large; repeated and unordered times are put in order."""
    values = [[5, "9"], [1, "NaN"], [2, "-3"], [3, "7"], [4, "-Inf"], [3, "7"], [6, "1e999"], [7, 12], [8, "1e300"]]
    assert [RawSeries({"a": "b"}, ((3.0, 7.0), (5.0, 9.0), (7.0, 12.0)))] == parse_matrix(
        [{"metric": {"a": "b"}, "values": values}]
    )


def test_a_series_in_two_parts_is_one_series() -> None:
    """Layers above Prometheus answer like this."""
    parts = [{"metric": {"a": "b"}, "values": [[at, str(at)]]} for at in (3, 1, 2)]
    assert [RawSeries({"a": "b"}, ((1.0, 1.0), (2.0, 2.0), (3.0, 3.0)))] == parse_matrix(parts)


SCRAPS = some.recursive(
    some.none() | some.booleans() | some.floats() | some.text() | some.integers(),
    lambda inner: some.lists(inner) | some.dictionaries(some.sampled_from(["metric", "values", "value", "le"]), inner),
)


@given(some.lists(SCRAPS))
def test_no_json_crashes_the_reader(result: list[Any]) -> None:
    """Series, or the one error that says what is wrong."""
    found: list[RawSeries] = []
    with suppress(EvidenceError):
        found = parse_matrix(result)
    assert all(value >= 0 for series in found for _, value in series.samples)


@pytest.mark.parametrize(
    "odd",
    [
        [{"metric": {"destination_workload": "shop"}, "values": "none"}],
        [{"metric": {"destination_workload": "shop"}, "histograms": []}],
        [series("shop", {NOW: float("nan")}), series("shop-canary", {NOW: float("inf")})],
        [series("shop", {NOW - i: -float(i) for i in range(5)})],
        [{"metric": {}, "values": [[NOW, "1"]]}],
        [series(arm, dict.fromkeys(counter(0, 9), 1.5e308) | {NOW - 5: 3.0}) for arm in ("shop", "shop-canary")],
    ],
)
def test_an_odd_answer_is_never_a_pass(odd: Result) -> None:
    """Not even at the deadline, when less evidence is enough."""
    evidence = EvidenceReader(canned(odd), ARMS, bounds=Bounds()).read(NOW - 5, NOW)
    judgement = judge(evidence, None, Rules(min_requests=1, patient_requests=1), deadline_reached=True)
    assert Verdict.INCONCLUSIVE is judgement.verdict


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-5", "1e17"])
@pytest.mark.parametrize("since", [-5, -60])
def test_samples_without_a_number_are_not_called_late(value: str, since: int) -> None:
    """They arrive in time, so the scrapes are fine."""
    odd = [series(arm, counter(0, 9)) for arm in ("shop", "shop-canary")]
    for one in odd:
        one["values"] = [[at + since, text] for at, text in one["values"]] if since < -5 else []
        one["values"] += [[NOW - 1, value], [NOW, value]]
    evidence = EvidenceReader(canned(odd), ARMS, bounds=Bounds()).read(NOW - 70, NOW)
    assert evidence.problem is not None
    assert ProblemKind.NOT_PROMETHEUS is evidence.problem.kind
    assert "have values that no counter can have (NaN, infinite, negative or above 2^53)" in evidence.problem.sentence


@pytest.mark.parametrize("le", ["", "odd", "NaN"])
def test_a_bucket_without_a_bound_counts_for_nothing(le: str) -> None:
    """It is left out, and the bound that was chosen is missing."""
    buckets = [series(arm, counter(0, 3), le=le) for arm in ("shop", "shop-canary")]
    reader = EvidenceReader(canned(REQUESTS, buckets), ARMS, bounds=Bounds((("p50", 5.0),)))
    evidence = reader.read(NOW - 5, NOW)
    assert [0] == list({one.canary.total for one in evidence.metrics[1].series[0].strata})
    assert evidence.problem is not None
    assert ProblemKind.BOUNDS_DIFFER is evidence.problem.kind
