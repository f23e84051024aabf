"""Answers are compared by class, besides failures: a canary that answers everything with 404 is worse."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steps.evidence.definitions.answer_classes import GRPC, HTTP, AnswerSlot, answer_slot, compared_classes, protocols
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.standard_metrics import ANSWERS_WEIGHT, ERRORS_WEIGHT, LATENCY_WEIGHT, SMALL_WEIGHT
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.answers import AnswerClass
from steps.model.evidence import Evidence, MetricEvidence, MetricKind
from steps.model.judgement import Verdict
from tests.support.canned_prometheus import ARMS, NOW, Result, canned, counter, series


@pytest.mark.parametrize(
    ("code", "flags", "grpc", "expected"),
    [
        ("200", "-", "", AnswerSlot.GOOD),
        ("204", "-", "-", AnswerSlot.GOOD),
        ("101", "-", "", AnswerSlot.GOOD),
        ("101", "DC", "", AnswerSlot.GOOD),
        ("200", "DC", "", AnswerSlot.UNCLEAR),
        ("301", "-", "", AnswerSlot.REDIRECT),
        ("404", "-", "", AnswerSlot.CLIENT_ERROR),
        ("404", "DC", "", AnswerSlot.CLIENT_ERROR),
        ("429", "RL", "", AnswerSlot.CLIENT_ERROR),
        ("503", "-", "", AnswerSlot.BAD),
        ("404", "UC", "", AnswerSlot.BAD),
        ("0", "DC", "", AnswerSlot.NONE),
        ("", "-", "", AnswerSlot.NONE),
        ("600", "-", "", AnswerSlot.UNCLEAR),
        ("99", "-", "", AnswerSlot.UNCLEAR),
        ("abc", "-", "", AnswerSlot.UNCLEAR),
        ("200", "-", "0", AnswerSlot.GOOD),
        ("404", "-", "0", AnswerSlot.CLIENT_ERROR),
        ("200", "-", "5", AnswerSlot.GRPC_MISTAKE),
        ("200", "-", "3", AnswerSlot.GRPC_MISTAKE),
        ("200", "-", "16", AnswerSlot.GRPC_REFUSED),
        ("403", "-", "7", AnswerSlot.GRPC_REFUSED),
        ("200", "-", "8", AnswerSlot.GRPC_REFUSED),
        ("200", "-", "1", AnswerSlot.UNCLEAR),
        ("200", "-", "17", AnswerSlot.UNCLEAR),
        ("200", "-", "UNAVAILABLE?", AnswerSlot.UNCLEAR),
        ("200", "-", "14", AnswerSlot.BAD),
        ("0", "DC", "1", AnswerSlot.NONE),
    ],
)
def test_every_answer_has_a_class(code: str, flags: str, grpc: str, expected: AnswerSlot) -> None:
    """By the gRPC status if there is one, else by the code; anything else counts as no answer."""
    labels = {"response_code": code, "response_flags": flags, "grpc_response_status": grpc}
    assert expected is answer_slot(labels)


@given(some.dictionaries(some.sampled_from(["response_code", "response_flags", "grpc_response_status"]), some.text()))
def test_any_label_value_has_a_class(labels: dict[str, str]) -> None:
    """Missing, empty or arbitrary labels have a class."""
    assert answer_slot(labels) in AnswerSlot


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({HTTP}, ["3xx", "4xx", "no-answer"]),
        ({GRPC}, ["grpc-mistakes", "grpc-refused", "no-answer"]),
        ({HTTP, GRPC}, ["3xx", "4xx", "grpc-mistakes", "grpc-refused", "no-answer"]),
        (set(), ["3xx", "4xx", "grpc-mistakes", "grpc-refused", "no-answer"]),
    ],
)
def test_only_the_protocols_of_stables_past_have_classes(known: set[str], expected: list[str]) -> None:
    """The e-values of the classes are averaged: each further class costs power. All classes if nothing is known."""
    assert expected == [label for label, _, _ in compared_classes(frozenset(known))]


@pytest.mark.parametrize("known", [{HTTP}, {GRPC}, {HTTP, GRPC}, set()])
def test_every_slot_is_in_one_class(known: set[str]) -> None:
    """Each slot but the good and the failed ones is in exactly one class, and each is in the total."""
    definitions = [definition for _, _, definition in compared_classes(frozenset(known))]
    counted = sorted(slot for definition in definitions for slot in definition.bad)
    assert sorted(set(AnswerSlot) - {AnswerSlot.GOOD, AnswerSlot.BAD}) == counted
    assert {tuple(AnswerSlot)} == {definition.whole for definition in definitions}


def test_expected_classes_are_left_out() -> None:
    """By name; without any class there is no such metric."""
    assert ["3xx", "no-answer"] == [label for label, _, _ in compared_classes(frozenset({HTTP}), ["4xx"])]
    requests = [series("shop", counter(100, 9))]
    everything = [str(name) for name in AnswerClass]
    reader = EvidenceReader(canned(requests), ARMS, bounds=Bounds(), ignored_answers=everything)
    assert ["errors"] == [metric.name for metric in reader.read(NOW - 3, NOW).metrics]


def test_a_protocol_is_known_by_its_own_label_or_by_the_status() -> None:
    """Failed calls have no status, and dropped labels leave one of the two."""
    assert {GRPC} == protocols([{"request_protocol": "grpc", "grpc_response_status": ""}])
    assert {GRPC, HTTP} == protocols([{"grpc_response_status": "0"}, {"grpc_response_status": "-"}])
    assert frozenset() == protocols([])


def test_errors_keep_their_part_of_the_budget() -> None:
    """More than half, so that failures are found as fast as before."""
    whole = ERRORS_WEIGHT + LATENCY_WEIGHT + SMALL_WEIGHT + ANSWERS_WEIGHT
    assert pytest.approx(1.0) == whole
    assert ERRORS_WEIGHT / whole >= 0.55


def read(requests: Result, started: float = NOW - 5) -> Evidence:
    """Read once; the run began with the first sample."""
    return EvidenceReader(canned(requests), ARMS, bounds=Bounds()).read(started, NOW, weight=10)


def answers(evidence: Evidence) -> MetricEvidence:
    """Return the metric of the answers."""
    return next(metric for metric in evidence.metrics if metric.kind is MetricKind.ANSWERS)


def test_answers_share_the_query_and_the_total_holds_every_answer() -> None:
    """Failures and requests without an answer are in the total, but in no class."""
    codes = {"200": 10, "302": 1, "404": 2, "503": 3, "0": 4}
    requests = [series(arm, counter(0, n), response_code=code) for arm in ("shop", "shop-canary")
                for code, n in codes.items()]  # fmt: skip
    prometheus = canned(requests)
    evidence = EvidenceReader(prometheus, ARMS, bounds=Bounds()).read(NOW - 5, NOW)
    found = {one.label: one.strata[-1] for one in answers(evidence).series}
    assert 2 == len(prometheus.asked_for_arms)
    assert {"3xx": (20, 1), "4xx": (20, 2), "no-answer": (20, 4)} == {
        label: (stratum.canary.total, stratum.canary.bad) for label, stratum in found.items()
    }
    failed = evidence.metrics[0].series[0].strata[-1]
    assert (16, 3, 20) == (failed.canary.total, failed.canary.bad, evidence.metrics[0].unclassified)


@pytest.mark.parametrize("code", ["404", "401", "403", "408", "410", "302", "0"])
def test_a_canary_that_always_answers_with_another_class_fails(code: str) -> None:
    """None of its answers is a failure."""
    requests = [
        series("shop", counter(500, 90)),
        series("shop", counter(50, 1), response_code=code),
        series("shop-canary", counter(0, 30), response_code=code),
    ]
    judgement = judge(read(requests), None, Rules(), deadline_reached=True)
    assert (Verdict.FAIL, "answers") == (judgement.verdict, judgement.metric)


@pytest.mark.parametrize("status", ["16", "7", "5", "8", "1", "99"])
def test_a_canary_that_refuses_every_call_fails(status: str) -> None:
    """The HTTP code is still 200."""
    requests = [
        series("shop", counter(500, 90), grpc_response_status="0", request_protocol="grpc"),
        series("shop", counter(50, 1), grpc_response_status="5", request_protocol="grpc"),
        series("shop-canary", counter(0, 30), grpc_response_status=status, request_protocol="grpc"),
    ]
    judgement = judge(read(requests), None, Rules(), deadline_reached=True)
    assert (Verdict.FAIL, "answers") == (judgement.verdict, judgement.metric)


def test_the_same_share_of_a_class_as_stable_is_not_harm() -> None:
    """Both arms answer 30 % with 404."""
    requests = [
        series(arm, counter(100, n * rate), response_code=code)
        for arm, n in (("shop", 90), ("shop-canary", 10))
        for code, rate in (("200", 7), ("404", 3))
    ]
    judgement = judge(read(requests), None, Rules(min_requests=10), deadline_reached=True)
    assert Verdict.PASS is judgement.verdict


def test_classes_are_fixed_at_the_first_poll() -> None:
    """A canary that starts to speak gRPC does not change how it is judged, and is not overlooked."""
    requests = [series("shop", counter(100, 9))]
    prometheus = canned(requests)
    reader = EvidenceReader(prometheus, ARMS, bounds=Bounds())
    before = reader.read(NOW - 5, NOW)
    requests.append(series("shop-canary", {NOW: 7}, grpc_response_status="16", request_protocol="grpc"))
    after = reader.read(NOW - 5, NOW)
    labels = [[one.label for one in answers(found).series] for found in (before, after)]
    assert [["3xx", "4xx", "no-answer"]] * 2 == labels
    assert 7 == answers(after).series[1].strata[-1].canary.bad
