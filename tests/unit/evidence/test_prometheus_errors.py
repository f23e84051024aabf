"""Every failure to answer has a sentence of its own with a remedy, and none shows a secret."""

from pathlib import Path

import pytest
import requests
import responses

from steps.errors import PermanentError, TemporaryError
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import ProblemKind

ADDRESS = "http://prometheus.test/prometheus"
QUERY = f"{ADDRESS}/api/v1/query"
GOOD = {"status": "success", "data": {"resultType": "vector", "result": []}}


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "kind", "part"),
    [
        (401, "no", ProblemKind.UNAUTHORIZED, "token"),
        (403, "no", ProblemKind.FORBIDDEN, "read access"),
        (400, {"status": "error", "error": "parse error at 3"}, ProblemKind.BAD_QUERY, "parse error at 3"),
        (422, {"status": "error", "error": "too many samples"}, ProblemKind.BAD_QUERY, "too many samples"),
        (429, "slow down", ProblemKind.BUSY, "429"),
        (503, {"status": "error", "error": "timeout"}, ProblemKind.BUSY, "503"),
        (200, {"status": "error", "error": "store gone"}, ProblemKind.BUSY, "store gone"),
        (200, {**GOOD, "isPartial": True}, ProblemKind.PARTIAL, "part of the data"),
        (200, "<html>login</html>", ProblemKind.NOT_PROMETHEUS, "login"),
        (302, "", ProblemKind.NOT_PROMETHEUS, "redirects"),
        (404, "nothing", ProblemKind.NOT_PROMETHEUS, "base path"),
    ],
)
def test_each_response_has_its_sentence(
    status: int, body: str | dict[str, object], kind: ProblemKind, part: str
) -> None:
    """Status and body decide the sentence."""
    if isinstance(body, str):
        responses.get(QUERY, status=status, body=body)
    else:
        responses.get(QUERY, status=status, json=body)
    with pytest.raises(EvidenceError) as caught:
        Prometheus(Access(ADDRESS)).query("up")
    assert caught.value.problem.kind is kind
    assert part in caught.value.problem.sentence


@responses.activate
@pytest.mark.parametrize(
    ("fault", "kind", "part"),
    [
        (requests.exceptions.ReadTimeout(), ProblemKind.SLOW, "more than 10 s"),
        (requests.exceptions.ConnectTimeout(), ProblemKind.UNREACHABLE, "NetworkPolicies"),
        (requests.exceptions.ConnectionError("Connection refused"), ProblemKind.UNREACHABLE, "down"),
        (requests.exceptions.SSLError(), ProblemKind.UNREACHABLE, "certificate"),
    ],
)
def test_each_failed_connection_has_its_sentence(fault: Exception, kind: ProblemKind, part: str) -> None:
    """Down and slow have different sentences."""
    responses.get(QUERY, body=fault)
    with pytest.raises(EvidenceError) as caught:
        Prometheus(Access(ADDRESS)).query("up")
    assert caught.value.problem.kind is kind
    assert part in caught.value.problem.sentence


@responses.activate
def test_a_hiccup_is_retried_once() -> None:
    """One failed request is not reported."""
    responses.get(QUERY, status=503)
    responses.get(QUERY, json=GOOD)
    assert Prometheus(Access(ADDRESS)).query("up").result == []


@responses.activate
def test_the_token_is_read_at_each_request_and_never_shown(tmp_path: Path) -> None:
    """Rotated tokens are used at once; sentences show neither token nor credentials of the address."""
    token = tmp_path / "token"
    token.write_text("first-secret\n")
    client = Prometheus(Access(ADDRESS.replace("http://", "http://me:url-secret@"), token_file=token))
    responses.get(QUERY, json=GOOD)
    client.query("up")
    token.write_text("second-secret\n")
    responses.replace("GET", QUERY, status=401)
    with pytest.raises(EvidenceError) as caught:
        client.query("up")
    sent = [call.request.headers["Authorization"] for call in responses.calls]
    assert sent[0] == "Bearer first-secret"
    assert sent[-1] == "Bearer second-secret"
    assert "secret" not in caught.value.problem.sentence


@responses.activate
def test_long_queries_are_posted() -> None:
    """A query that is too long for a URL is sent in the body."""
    responses.post(QUERY, json=GOOD)
    assert Prometheus(Access(ADDRESS)).query("up or " * 500).result == []


@responses.activate
def test_check_distinguishes_an_unknown_stable_from_a_dead_server() -> None:
    """The step must know whether repeating helps."""
    reader = EvidenceReader(Prometheus(Access(ADDRESS)), ArmLabels("shop", "shop-canary", "ns"))
    responses.get(QUERY, json=GOOD)
    with pytest.raises(PermanentError, match="send it some traffic"):
        reader.check()
    responses.replace("GET", QUERY, body=requests.exceptions.ConnectionError("refused"))
    with pytest.raises(TemporaryError, match="refuses connections"):
        reader.check()


@responses.activate
def test_read_reports_a_failing_server_as_a_problem_and_a_bad_query_as_an_error() -> None:
    """A dead server proves nothing; a refused query is our own fault."""
    reader = EvidenceReader(Prometheus(Access(ADDRESS)), ArmLabels("shop", "shop-canary", "ns"))
    responses.get(QUERY, status=503)
    evidence = reader.read(100.0, 110.0)
    assert evidence.problem is not None
    assert evidence.problem.kind is ProblemKind.BUSY
    responses.replace("GET", QUERY, status=400, json={"status": "error", "error": "bad"})
    with pytest.raises(PermanentError, match="refused the query"):
        reader.read(100.0, 110.0)
