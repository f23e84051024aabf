"""What the judge says: counts of both arms, the real reason, and nothing untrue."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest

from steps.judge import Rules, judge
from steps.judge.comparison.limiting_factor import WORDS, LimitingFactor, limiting_factor
from steps.judge.statistics.change_point import change_point
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.wording import doubts, fails, phrases
from steps.model.evidence import Counts, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import ReasonCode, SeriesJudgement, Verdict
from tests.support.evidence_rows import Row, evenly, evidence, metric, sound, strata

RULES = Rules()
PAST = evenly(450, 4, 120)


def test_a_pass_names_the_counts_of_each_metric_errors_first() -> None:
    """Three failures of the canary are included, and fit into a result that is cut."""
    rows: list[Row] = [((50, int(number % 5 == 0)), (450, 3)) for number in range(12)]
    errors = strata(PAST, rows)
    latency = metric(MetricKind.LATENCY, Series(sound(errors), 100.0, "p50"), Series(errors, 250.0, "p99"))
    answers = metric(MetricKind.ANSWERS, Series(sound(errors), label="4xx"))
    judgement = judge(evidence(errors, latency, answers), None, RULES, deadline_reached=False)

    assert Verdict.PASS is judgement.verdict, judgement.reason
    first, power, *others = judgement.reason.split("; ")
    assert "healthy: errors canary 3/600 v. stable 36/5400" == first
    assert power.startswith("with 600 canary requests in 12 scrapes a rise to ")
    assert ["latency (p99) 3/600 v. 36/5400", "answers (4xx) 0/600 v. 0/5400"] == others


def test_the_worst_of_several_series_is_named() -> None:
    """404 for everything, next to a 3xx and an unanswered series that are as before."""
    errors = strata(PAST, [((15, 0), (135, 0))] * 6)
    missing = strata([(450, 0)] * 120, [((15, 15), (135, 0))] * 6)
    answers = metric(
        MetricKind.ANSWERS,
        Series(sound(errors), label="3xx"),
        Series(missing, label="4xx"),
        Series(sound(errors), label="no-answer"),
    )
    judgement = judge(evidence(errors, answers), None, RULES, deadline_reached=False)

    assert (Verdict.FAIL, ReasonCode.WORSE, "answers") == (judgement.verdict, judgement.code, judgement.metric)
    assert judgement.reason.startswith("canary 90/90 = 100 % answered 4xx v. stable 0/810 = 0 %; at least ")


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("4xx", "answered 4xx"),
        ("gRPC access", "answered gRPC access"),
        ("no-answer", "got no answer"),
        ("grpc-refused", "answered with a gRPC refusal"),
        ("grpc-mistakes", "answered with a gRPC client error"),
    ],
)
def test_each_class_of_answers_has_its_words(label: str, words: str) -> None:
    """As a person would say it."""
    assert words == phrases.what_is_bad(MetricKind.ANSWERS, "answers", "", Series((), label=label))


def test_a_late_fault_is_described_since_it_began() -> None:
    """Twenty good minutes are not in its denominator."""
    rows: list[Row] = [*[((50, 0), (450, 1))] * 60, *[((50, 20), (450, 0))] * 4]
    judgement = judge(evidence(strata(PAST, rows)), None, RULES, deadline_reached=False)

    assert Verdict.FAIL is judgement.verdict
    assert judgement.reason.startswith(
        "canary 80/200 = 40.0 % failed since 00:05:00 UTC v. stable 0/1800 = 0 %; over the whole run at least "
    )
    assert " after 1" in judgement.reason  # seconds since it began, not since the start of the rung


def test_a_fault_from_the_start_has_no_time() -> None:
    """Nor one that is spread over the whole rung."""
    steady = strata(PAST, [((50, 2), (450, 1))] * 60)

    assert 0 == change_point([one for one in steady if one.canary.total])
    assert 40 == change_point(strata([], [*[((50, 0), (450, 1))] * 40, *[((50, 10), (450, 1))] * 5]))
    assert 0 == change_point(())


def test_a_limit_that_says_nothing_is_not_shown() -> None:
    """A sentence with "at least 1.0 times" says nothing."""
    series = SeriesJudgement("", None, 100, 30, 900, 90, 0.3, 0.1, 120.0, 120.0, 1.0, 0, 4, 1.04, 9.0)
    judged = judge(evidence(strata(PAST, [((50, 0), (450, 0))] * 6)), None, RULES, deadline_reached=False).metrics[0]
    weak = fails.worse(judged, series, None, 10.0, 10.0, 2, 0.01)
    strong = fails.worse(judged, replace(series, ratio_low=7.5), None, 10.0, 10.0, 2, 0.01)

    assert "times" not in weak
    assert "at least 7.5 times the failure rate (99 % confidence)" in strong


def test_there_is_no_share_without_requests() -> None:
    """0/0 is not 0 %."""
    said = phrases.compared(Counts(10, 3), Counts(0, 0), "failed")

    assert "canary 3/10 = 30.0 % failed v. no request of stable" == said


@pytest.mark.parametrize(
    ("value", "shown"), [(31.4, "evidence 31,"), (1e6, "evidence 1000000,"), (2.4e60, "evidence over 1000000,")]
)
def test_evidence_is_not_written_out_beyond_a_million(value: float, shown: str) -> None:
    """61 digits do not help."""
    assert shown in doubts.suspicious("counts", value, 100.0)


def series_of(past: list[tuple[int, int, int]], canary: list[tuple[int, int]]) -> tuple[Stratum, ...]:
    """Make strata with three stable pods: bad requests by pod before, and none of stable's since."""
    before = [
        Stratum(-1.0 * n, 1.0 - n, Counts(300, sum(bad)), Counts(0, 0), tuple(Counts(100, one) for one in bad))
        for n, bad in zip(range(len(past), 0, -1), past, strict=True)
    ]
    pods = (Counts(100, 0),) * 3
    return (*before, *(Stratum(n, n + 1.0, Counts(300, 0), Counts(*one), pods) for n, one in enumerate(canary)))


@pytest.mark.parametrize(
    ("past", "canary", "expected"),
    [
        ([(0, 0, 0)] * 60, [(50, 25)], LimitingFactor.CAP),
        ([(12, 0, 0) if n % 9 == 0 else (0, 12, 0) if n % 9 == 4 else (0, 0, 0) for n in range(90)],
         [(50, 2)] * 6, LimitingFactor.PHI),
        ([(0, 0, 0)] * 30 + [(0, 60, 0)] * 20 + [(0, 0, 0)] * 30, [(30, 12)] * 8, LimitingFactor.BURSTS),
        ([(0, 1, 0)] * 60, [(50, 0)] * 12, LimitingFactor.COUNTS),
    ],
)  # fmt: skip
def test_the_limiting_factor_is_the_first_that_prevents_an_alarm(
    past: list[tuple[int, int, int]], canary: list[tuple[int, int]], expected: LimitingFactor
) -> None:
    """The cap of one scrape, stable's overdispersion, the length of its bursts, or none of them."""
    found = limiting_factor(series_of(past, canary), RULES, log(100.0), LikelihoodRatio(RULES.ratio), aligned=False)

    assert expected is found
    assert found in WORDS


def test_a_guard_says_what_is_bad_and_how_often() -> None:
    """Counts of the last scrapes, the allowed share, and stable's share."""
    rules = replace(RULES, floors={**RULES.floors, MetricKind.ERRORS: 0.5})
    judgement = judge(evidence(strata([], [((500, 30), (4500, 20))] * 8)), None, rules, deadline_reached=False)

    assert (Verdict.FAIL, ReasonCode.GUARD) == (judgement.verdict, judgement.code)
    assert judgement.reason == (
        "canary 90/1500 = 6.0 % failed over its last 3 scrapes: at most 1.0 % is allowed, and stable had 0.44 %"
    )


def test_a_shared_problem_names_what_to_change() -> None:
    """The shared cause, or the setting."""
    judgement = judge(evidence(strata([], [((50, 5), (450, 45))] * 8)), None, RULES, deadline_reached=True)

    assert judgement.reason == (
        "both arms are out of bounds: canary 10.0 % failed, stable 10.0 %, allowed 1.0 %; the canary alone is not to"
        " blame: fix the shared cause, or allow more with --success-slo if this is normal"
    )


def test_reasons_begin_with_the_verdict_and_fit_where_they_are_cut() -> None:
    """Twelve metrics: the first 200 characters contain what one must know."""
    errors = strata(PAST, [((50, 0), (450, 0))] * 12)
    many = [MetricEvidence(f"custom-{n}", MetricKind.CUSTOM, (Series(sound(errors)),)) for n in range(11)]
    reason = judge(evidence(errors, *many), None, RULES, deadline_reached=False).reason[:200]

    assert reason.startswith("healthy: errors canary 0/600 v. stable 0/5400; with 600 canary requests")
    assert "would have been caught" in reason
