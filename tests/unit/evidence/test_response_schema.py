"""Anything in place of a response is a problem with a sentence: never a crash, and never half a response."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as some

from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse, step_error
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.prometheus_api.samples import parse_matrix, parse_vector, values_by_label
from steps.http_client.limits import Answer
from steps.model.evidence import ProblemKind

ADDRESS = "http://prometheus.test"
QUERY = f"{ADDRESS}/api/v1/query"
SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8)
JSON = some.recursive(SCALARS, lambda one: some.lists(one, max_size=3) | some.dictionaries(some.text(max_size=8), one))
SAMPLES = some.lists(SCALARS | some.sampled_from(["1", "NaN", "+Inf", "1e999"]), max_size=3)
ENTRIES = some.fixed_dictionaries(
    {},
    optional={
        "metric": JSON | some.dictionaries(some.sampled_from(["le", "__name__"]), some.text(max_size=4)),
        "value": JSON | SAMPLES,
        "values": JSON | some.lists(SAMPLES, max_size=3),
        "histogram": JSON,
        "histograms": JSON,
    },
)
BODIES = some.fixed_dictionaries(
    {"status": some.sampled_from(["success", "error"]) | JSON},
    optional={
        "data": JSON | some.fixed_dictionaries({"result": JSON | some.lists(ENTRIES | JSON, max_size=3)}),
        "warnings": JSON,
        "isPartial": JSON,
        "error": JSON,
    },
)


def read(content: bytes, status: int = 200, **headers: str) -> QueryResponse:
    """Let the client read such a response."""
    answer = Answer(status, headers, content)
    return Prometheus(Access(ADDRESS))._read(answer, "up")  # noqa: SLF001 - without a network in between


def answered(body: Any, status: int) -> QueryResponse | EvidenceError:  # noqa: ANN401 - any JSON
    """Let the client read JSON; return the response, or the problem."""
    try:
        return read(json.dumps(body).encode(), status)
    except EvidenceError as fault:
        return fault


def used(answer: QueryResponse) -> None:
    """Use a response as the reader does."""
    assert all(math.isfinite(value) for value in values_by_label(answer.result, "le").values())
    for series in parse_matrix(entry for entry in answer.result if {"metric", "values"} <= entry.keys()):
        assert all(math.isfinite(at) and math.isfinite(value) for at, value in series.samples)


@given(body=BODIES | JSON, status=some.sampled_from([200, 204, 301, 400, 401, 404, 422, 429, 500, 503]))
def test_any_json_is_an_answer_or_a_problem(body: Any, status: int) -> None:  # noqa: ANN401 - any JSON
    """A response that is accepted can be used."""
    found = answered(body, status)
    if isinstance(found, EvidenceError):
        assert found.problem.sentence.startswith(f"Prometheus at {ADDRESS} ")
        assert step_error(found, "asking").exit_code in {3, 4}
    else:
        used(found)


@given(content=some.binary(max_size=40), date=some.text(some.characters(codec="latin-1"), max_size=30))
def test_any_bytes_are_a_problem_at_any_date(content: bytes, date: str) -> None:
    """An unreadable Date does not crash either."""
    with pytest.raises(EvidenceError):
        read(content, Date=date)
    good = json.dumps({"status": "success", "data": {"result": []}}).encode()
    assert isinstance(read(good, Date=date).at, float)


@given(result=some.lists(ENTRIES, max_size=4))
def test_any_entries_can_be_looked_through(result: list[dict[str, Any]]) -> None:
    """Entries without a number are left out, such as native histograms."""
    assert len(parse_vector(result)) <= len(result)
    assert all(isinstance(value, str) for labels, _ in parse_vector(result) for value in labels.values())


@responses.activate
@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"resultType": "vector"}, "data.result is not a list"),
        (None, "data.result is not a list"),
        ({"resultType": "vector", "result": {"a": 1}}, "data.result is not a list"),
        ({"resultType": "scalar", "result": [1, "2"]}, "an entry of data.result is not an object: 1"),
        ({"result": ["x"]}, "an entry of data.result is not an object: 'x'"),
        ({"result": [{"metric": "x", "value": [1, "2"]}]}, "the labels of a series are not strings: 'x'"),
        ({"result": [{"metric": {"le": 5}, "value": [1, "2"]}]}, "the labels of a series are not strings: {'le': 5}"),
        ({"result": [{"metric": {}}]}, "a series has neither a value nor a list of values"),
        ({"result": [{"metric": {}, "values": "x"}]}, "a series has neither a value nor a list of values"),
        ({"result": [{"metric": {}, "value": [1, "2"], "values": [3]}]}, "a sample is not a time and a value: 3"),
        ({"result": [{"metric": {}, "value": "12"}]}, "a sample is not a time and a value: '12'"),
        ({"result": [{"metric": {}, "value": [1]}]}, "a sample is not a time and a value: [1]"),
        ({"result": [{"metric": {}, "value": [1, None]}]}, "a sample is not a time and a number: [1, None]"),
        ({"result": [{"metric": {}, "value": [1, "many"]}]}, "a sample is not a time and a number: [1, 'many']"),
        ({"result": [{"metric": {}, "values": [[1, "2"], [2, {}]]}]}, "a sample is not a time and a number: [2, {}]"),
        ({"result": [{"metric": {}, "value": [1e999, "2"]}]}, "the time of a sample is not a number"),
    ],
)
def test_the_fault_of_a_response_is_reported(data: Any, part: str) -> None:  # noqa: ANN401 - any JSON
    """One bad entry makes the whole response unusable, and waiting does not help."""
    responses.get(QUERY, body=json.dumps({"status": "success", "data": data}), content_type="application/json")
    with pytest.raises(EvidenceError) as caught:
        Prometheus(Access(ADDRESS)).query("up")
    assert ProblemKind.NOT_PROMETHEUS is caught.value.problem.kind
    assert f"a malformed response ({part}" in caught.value.problem.sentence


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "Inf", 5, 5.5, "1e3"])
def test_prometheus_own_numbers_are_numbers(value: str | float) -> None:
    """Infinities and NaN are left out later, and are not a fault."""
    result = [{"metric": {"le": "5"}, "value": [1.5, value]}]
    answer = read(json.dumps({"status": "success", "data": {"result": result}}).encode())
    assert result == answer.result
    used(answer)


def test_native_histograms_are_answers_without_a_number() -> None:
    """`prepare` reports them, and the reader names them if it meets one."""
    result = [{"metric": {}, "histogram": [1.5, {"count": "3"}]}, {"metric": {}, "histograms": [[1.5, {}]]}]
    answer = read(json.dumps({"status": "success", "data": {"result": result}}).encode())
    assert {} == values_by_label(answer.result, "le")
    with pytest.raises(EvidenceError, match="native histograms"):
        parse_matrix(answer.result)


def test_a_response_of_nested_brackets_is_a_problem() -> None:
    """Too deep for any parser."""
    with pytest.raises(EvidenceError):
        read(b"[" * 200_000)
    with pytest.raises(EvidenceError):
        read(b'{"status":"error","error":' + b"[" * 900 + b"]" * 900 + b"}")


def test_warnings_that_are_not_a_list_are_a_fault() -> None:
    """A warning must not get lost."""
    with pytest.raises(EvidenceError, match="warnings are not a list"):
        read(b'{"status":"success","data":{"result":[]},"warnings":"half of the stores are down"}')


@pytest.mark.parametrize(
    "content", [b'{"status":"success","data":{"resultType":"matrix","res', b'{"status":success}', b'{"a": [[[']
)
def test_a_response_that_is_cut_off_is_not_called_a_login_page(content: bytes) -> None:
    """Half a response is the fault of something in between."""
    with pytest.raises(EvidenceError, match="JSON that is cut off or invalid") as caught:
        read(content)
    assert ProblemKind.NOT_PROMETHEUS is caught.value.problem.kind


@pytest.mark.parametrize(
    ("ahead", "is_good"), [(-5.0, True), (50.0, True), (70.0, False), (3600.0, False), (1e290, False)]
)
def test_a_sample_from_the_future_is_a_fault(ahead: float, is_good: bool) -> None:  # noqa: FBT001 - a parameter of a table
    """Clocks may differ by seconds; with samples of the next hour a rung would seem to have lasted that long."""
    at = 1_790_000_000.0
    result = [{"metric": {}, "values": [[at - 10, "1"], [at + ahead, "2"]]}]
    content = json.dumps({"status": "success", "data": {"result": result}}).encode()
    date = "Mon, 21 Sep 2026 14:13:20 GMT"
    if is_good:
        assert at == read(content, Date=date).at
        return
    with pytest.raises(EvidenceError, match="a sample is newer than the server's own time"):
        read(content, Date=date)
