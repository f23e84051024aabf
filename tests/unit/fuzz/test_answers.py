"""Whatever a server answers, only declared errors come out: a problem with a sentence, or an error of the step."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from steps.errors import StepError
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.prometheus_api.client import QueryResponse
from steps.evidence.prometheus_api.response_schema import MalformedResponseError, result_of
from steps.evidence.reader import EvidenceReader
from steps.http_client.client import HttpClient
from steps.http_client.limits import Answer, Limits
from steps.judge import Rules, judge
from steps.probing.probe import Probe
from steps.probing.response_check import find_mismatch
from steps.registry.access import RegistryAccess
from steps.registry.credentials import Credentials
from steps.registry.reference import parse
from steps.registry.registry import MANIFESTS, Registry
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus

FEW = settings(max_examples=8, deadline=None)
MANY = settings(max_examples=3000, deadline=None)

TIMES = some.sampled_from([NOW - at for at in (0, 1, 2, 5, 5, 10, 15, 500)] + [0.0, -1e300, 1e-300, NOW + 50])
NUMBERS = some.sampled_from(["0", "1", "7", "100", "1e3", "NaN", "+Inf", "-Inf", "-1", "1e16", "1e308", "5e-324"])
LABELS = some.fixed_dictionaries(
    {"destination_workload": some.sampled_from(["shop", "shop-canary"]), "reporter": some.just("source")},
    optional={
        "response_code": some.sampled_from(["200", "404", "500", "0", "", "x", "9" * 30]),
        "response_flags": some.sampled_from(["-", "UH", "UF,URX", ",", "x"]),
        "grpc_response_status": some.sampled_from(["", "0", "14", "-1", "x"]),
        "request_protocol": some.sampled_from(["http", "grpc", "tcp", ""]),
        "le": some.sampled_from(["1", "5", "+Inf", "NaN", "-1", "", "x", "1e400", "5.0"]),
        "instance": some.sampled_from(["a", "b", ""]),
        "pod": some.sampled_from(["shop-a", "shop-canary-b", "", "x" * 300]),
    },
)
SERIES = some.fixed_dictionaries(
    {"metric": LABELS, "values": some.lists(some.tuples(TIMES, NUMBERS).map(list), max_size=12)}
)
VECTOR = some.fixed_dictionaries({"metric": LABELS, "value": some.tuples(TIMES, NUMBERS).map(list)})
RESULTS = some.lists(SERIES, max_size=12) | some.lists(VECTOR, max_size=4)
"""Well-formed answers with values that no Prometheus should send: of wrong order, twice, from the past, endless."""


class Answering(CannedPrometheus):
    """A Prometheus whose answers are drawn, and checked as those of a real one are."""

    def __init__(self, drawn: some.DataObject) -> None:
        super().__init__(lambda _: [])
        self._drawn = drawn

    def query(self, promql: str) -> QueryResponse:
        """Answer anything."""
        found = self._drawn.draw(RESULTS)
        with contextlib.suppress(MalformedResponseError):
            return QueryResponse(promql, NOW, result_of({"data": {"result": found}}, NOW))
        return QueryResponse(promql, NOW, [])


def judged(data: some.DataObject) -> None:
    """Read three times, and judge after each."""
    rung = EvidenceReader(Answering(data), ARMS, bounds=Bounds((("5", 5.0),), None))
    for now in (NOW, NOW + 5, NOW + 3):
        with contextlib.suppress(StepError):
            judge(rung.read(NOW - 20, now), None, Rules(), deadline_reached=data.draw(some.booleans()))


@FEW
@given(some.data())
def test_any_series_are_evidence_or_a_problem(data: some.DataObject) -> None:
    """NaN, infinite and huge values, repeated series, samples of wrong order: a release must not end by a crash."""
    judged(data)


@pytest.mark.full
@MANY
@given(some.data())
def test_any_series_are_evidence_or_a_problem_in_depth(data: some.DataObject) -> None:
    """Many times as often."""
    judged(data)


TEXT = some.text(max_size=20) | some.sampled_from(
    [*MANIFESTS, "0", "1e9", f"sha256:{'a' * 64}", "http://x/", "//[", "\ud800"]
)
CHALLENGES = some.sampled_from(
    [
        "Basic", "Bearer", "bearer realm=", "Bearer ,,,=", 'Bearer realm="https://registry.test/token"',
        'Bearer realm="https://evil.test"', 'Bearer realm="\ud800"', 'Bearer realm="//["',
        'Bearer realm="https://registry.test/token",scope="a" b="',
    ]
)  # fmt: skip
HEADERS = some.fixed_dictionaries(
    {},
    optional={
        "Content-Type": TEXT, "Docker-Content-Digest": TEXT, "Location": TEXT, "Retry-After": TEXT,
        "WWW-Authenticate": CHALLENGES,
    },
)  # fmt: skip
BODIES = some.binary(max_size=20) | some.sampled_from(
    [
        b'{"token": "t"}',
        b'{"token": 5}',
        b'{"errors": [5]}',
        b'{"errors": {"a": 1}}',
        b"[" * 100_000,
        b'{"token": "\xff"}',
    ]
)
ANSWERS = some.builds(
    Answer, some.sampled_from([200, 200, 201, 301, 307, 401, 401, 403, 404, 429, 503, 999]), HEADERS, BODIES
)


@settings(max_examples=25, deadline=None)
@given(some.data(), some.sampled_from([None, Credentials("a", "b"), Credentials(identity_token="t")]))
def test_any_answer_of_a_registry_is_a_digest_or_an_error(data: some.DataObject, account: Credentials | None) -> None:
    """Of the registry, its token service, and the hosts to which it redirects."""

    def send(_self: HttpClient, _method: str, url: str, _limits: Limits, **_options: Any) -> Answer:
        assert url.startswith("https://registry.test")
        return data.draw(ANSWERS)

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(StepError):
        patch.setattr(HttpClient, "send", send)
        digest = Registry(RegistryAccess(account, deadline_seconds=0)).digest(parse("registry.test/team/shop:v1"))
        assert digest.startswith(("sha256:", "sha512:"))


@settings(max_examples=25, deadline=None)
@given(
    some.binary(max_size=30) | some.sampled_from([b"[" * 100_000, b'"\\ud800"', b"1" * 5000, b'{"a": [1]}']),
    some.sampled_from(["", "/a", "/a/0", "/a/9" + "9" * 5000, "/~2", "/a/-1"]),
)
def test_any_answer_of_a_pod_passes_or_has_a_complaint(body: bytes, pointer: str) -> None:
    """In a few words that a log can hold."""
    assert json.dumps(find_mismatch(Probe("p", pointer=pointer, value=1), 200, body, 0.1)).isascii()
