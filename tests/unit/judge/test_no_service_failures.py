"""Failures that name no service only count as the canary's if its own requests are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.model.evidence import Evidence, Stratum
from steps.model.judgement import Judgement, ReasonCode, Verdict
from tests.support.evidence_rows import Pair, Row, evidence, strata

PAST: list[Pair] = [(100, 0)] * 60


def gateway(rows: list[Row], lost: list[int], *, weight: int | None = 20, known: int = 0) -> Evidence:
    """Make evidence in which the gateway lost so many requests without a service in each scrape, the last ones."""
    seen = evidence(strata(PAST, rows), weight=weight)
    errors = seen.metrics[0]
    whole: tuple[Stratum, ...] = errors.series[0].strata
    missing = [0] * (len(whole) - len(lost)) + lost
    changed = tuple(
        replace(one, unattributed=number + (known if number else 0), nowhere=number)
        for one, number in zip(whole, missing, strict=True)
    )
    series = replace(errors.series[0], strata=changed)
    return replace(seen, metrics=(replace(errors, series=(series,)), *seen.metrics[1:]))


def judged(seen: Evidence, *, late: bool = False) -> Judgement:
    """Judge with default rules."""
    return judge(seen, None, Rules(), deadline_reached=late)


@pytest.mark.parametrize("each", [10, 20, 40])
def test_another_apps_failures_that_begin_with_the_weight_are_not_the_canarys(each: int) -> None:
    """The canary gets its fifth of the other requests: it passes, and a note says whose these are."""
    judgement = judged(gateway([((20, 0), (80, 0))] * 12, [each] * 12))
    assert Verdict.PASS is judgement.verdict, judgement.reason
    assert any("are another app's behind the same gateway" in note for note in judgement.notes)


def test_a_canary_whose_requests_are_lost_fails() -> None:
    """Its route leads to a subset that is gone: its missing requests are these failures."""
    judgement = judged(gateway([((0, 0), (80, 0))] * 6, [20] * 6))
    assert Verdict.FAIL is judgement.verdict
    assert "120 of them failed before an upstream was chosen" in judgement.reason


def test_a_canary_that_loses_half_of_its_requests_does_not_pass() -> None:
    """The other half arrives, so it is not certain; the sentence names both possibilities."""
    judgement = judged(gateway([((10, 0), (80, 0))] * 12, [10] * 12), late=True)
    assert judgement.verdict is not Verdict.PASS
    judgement = judged(gateway([((13, 0), (80, 0))] * 12, [7] * 12), late=True)
    assert (Verdict.INCONCLUSIVE, ReasonCode.UNATTRIBUTED) == (judgement.verdict, judgement.code)
    assert "84 name no service: they may be another app's behind the same gateway" in judgement.reason


def test_a_canary_with_few_requests_does_not_count_as_lacking_some() -> None:
    """Two requests more or less are chance, so another app's failures must not fail it."""
    judgement = judged(gateway([((0, 0), (3, 0)), ((0, 0), (5, 0)), ((1, 0), (6, 0))], [3, 4, 3], weight=10))
    assert judgement.verdict is Verdict.CONTINUE


def test_without_a_weight_they_count_for_neither_arm() -> None:
    """Then it is not known what the canary should have got: no fail, and no pass."""
    judgement = judged(gateway([((20, 0), (80, 0))] * 12, [10] * 12, weight=None), late=True)
    assert (Verdict.INCONCLUSIVE, ReasonCode.UNATTRIBUTED) == (judgement.verdict, judgement.code)


def test_failures_of_the_apps_own_service_count_beside_another_apps() -> None:
    """They name the service that both arms share, began with the weight, and fail the canary by themselves."""
    judgement = judged(gateway([((14, 0), (80, 0))] * 12, [30] * 12, known=6))
    assert Verdict.FAIL is judgement.verdict, judgement.reason
    assert "72 of them failed before an upstream was chosen" in judgement.reason
