"""Weight 100: stable gets no requests, so objectives, the canary's earlier rungs and stable's history judge."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from steps.judge import Rules, judge
from steps.model.evidence import MetricKind, Series
from steps.model.judgement import Judgement, ReasonCode, Verdict
from tests.support.evidence_rows import Pair, Row, evenly, evidence, incident, metric, sound, strata
from tests.support.simulated_rollouts import binomial

RULES = Rules()
NO_SLO = replace(RULES, success_slo=None)
PAST: list[Pair] = evenly(500, 2, 120)
EARLIER: list[Row] = [((250, int(number % 2)), (250, int(number % 2))) for number in range(12)]
ALL: Pair = (500, 0)


def judged(
    past: list[Pair], earlier: list[Row], now: list[Row], rules: Rules = RULES, *, late: bool = False
) -> Judgement:
    """Judge the rung at 100 that begins after the earlier rows."""
    seen = evidence(strata(past, earlier + now), weight=100, rung_started=5.0 * len(earlier))
    return judge(seen, None, rules, deadline_reached=late)


@pytest.mark.parametrize("earlier", [[], EARLIER], ids=["ladder 100", "after 50"])
@pytest.mark.parametrize("rules", [RULES, NO_SLO], ids=["slo", "no slo"])
@pytest.mark.parametrize("stray", [(0, 0), (3, 3), (40, 0)], ids=["none", "failing", "many"])
def test_a_good_canary_passes_as_fast_as_on_any_rung(earlier: list[Row], rules: Rules, stray: Pair) -> None:
    """Whatever requests still reach stable."""
    judgement = judged(PAST, earlier, [((500, 1), stray)] * 6, rules)

    assert (Verdict.PASS, ReasonCode.HEALTHY) == (judgement.verdict, judgement.code), judgement.reason
    assert judgement.reason.startswith("healthy at weight 100: errors 6/3000 (")
    assert ("on its earlier rungs" if earlier else "in stable's history") in judgement.reason
    assert bool(stray[0]) is any("stable still got" in note for note in judgement.notes)


@pytest.mark.parametrize("past", [PAST, [], incident(500, 150, 36, 120)], ids=["sound", "none", "incident"])
@pytest.mark.parametrize("stray", [(0, 0), (3, 3), (40, 0)], ids=["none", "failing", "many"])
def test_a_canary_that_fails_everything_fails(past: list[Pair], stray: Pair) -> None:
    """Four scrapes, by the objective; no stray request of stable excuses it."""
    judgement = judged(past, [], [((100, 100), stray)] * 4)

    assert (Verdict.FAIL, ReasonCode.GUARD) == (judgement.verdict, judgement.code), judgement.reason
    assert "canary 300/300 = 100 % failed over its last 3 scrapes: at most 1.0 % is allowed" in judgement.reason
    assert "0/0" not in judgement.reason


@pytest.mark.parametrize("rules", [RULES, NO_SLO], ids=["slo", "no slo"])
@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_canary_that_only_breaks_at_100_fails(rules: Rules, share: float) -> None:
    """Its earlier rungs had .2 %: found within half a minute, even without an objective."""
    chance = random.Random(3)
    now: list[Row] = [((500, binomial(chance, 500, share)), (0, 0)) for _ in range(6)]
    judgement = judged(PAST, EARLIER, now, rules)

    assert Verdict.FAIL is judgement.verdict, judgement.reason
    if rules is NO_SLO:
        assert ReasonCode.WORSE == judgement.code
        assert "v. 6/3000 = 0.20 % on its earlier rungs: clearly worse than before" in judgement.reason


def test_404_for_everything_is_caught_by_stables_history() -> None:
    """No request failed, but all answers are 4xx, which stable never had."""
    errors = strata(PAST, [(ALL, (0, 0))] * 6)
    answers = strata([(500, 5)] * 120, [((500, 500), (0, 0))] * 6)
    seen = evidence(
        errors, metric(MetricKind.ANSWERS, Series(sound(errors), label="3xx"), Series(answers, label="4xx"))
    )
    judgement = judge(replace(seen, weight=100), None, RULES, deadline_reached=False)

    assert (Verdict.FAIL, ReasonCode.WORSE) == (judgement.verdict, judgement.code)
    assert judgement.reason.startswith(
        "at weight 100 canary 3000/3000 = 100 % answered 4xx v. 600/60000 = 1.0 % in stable's history"
    )


def test_a_service_that_is_always_above_its_objective_does_not_fail_because_stable_is_silent() -> None:
    """2 % on both arms before, 2 % now, 1 % allowed: it passes, and the sentence says what was allowed."""
    chance = random.Random(5)

    def rows(weight: int, count: int) -> list[Row]:
        mine, others = 5 * weight, 500 - 5 * weight
        return [
            ((mine, binomial(chance, mine, 0.02)), (others, binomial(chance, others, 0.02))) for _ in range(count)
        ]  # fmt: skip

    past = [(500, binomial(chance, 500, 0.02)) for _ in range(120)]
    earlier = rows(50, 24)
    now = rows(100, 60)
    verdicts = {judged(past, earlier, now[:seen]).verdict for seen in range(6, 60, 6)}
    alone = judged(past, [], now[:12])

    assert {Verdict.PASS} == verdicts
    assert Verdict.PASS is alone.verdict, alone.reason


def test_bad_earlier_rungs_excuse_nothing() -> None:
    """It was above the objective while stable met it, so this is not how the service usually is."""
    earlier: list[Row] = [((250, 5), (250, 0))] * 12
    judgement = judged(PAST, earlier, [((500, 10), (0, 0))] * 12)

    assert Verdict.FAIL is judgement.verdict


def test_twice_the_earlier_share_is_tolerated() -> None:
    """.4 % after .2 %: it neither fails nor waits for ever."""
    judgement = judged(PAST, EARLIER, [((500, 2), (0, 0))] * 12)

    assert Verdict.PASS is judgement.verdict, judgement.reason


def test_good_canaries_are_hardly_ever_failed() -> None:
    """The same share before and now, with few requests before, judged after every scrape."""
    chance, failed = random.Random(11), 0
    for _ in range(40):
        earlier: list[Row] = [((50, binomial(chance, 50, 0.01)), (50, binomial(chance, 50, 0.01))) for _ in range(12)]
        now: list[Row] = [((100, binomial(chance, 100, 0.01)), (0, 0)) for _ in range(36)]
        failed += any(
            judged([], earlier, now[:seen], NO_SLO).verdict is Verdict.FAIL for seen in range(3, 37, 3)
        )  # fmt: skip

    assert 0 == failed


def test_with_neither_objective_nor_reference_there_is_no_verdict() -> None:
    """A wait that says what to set; inconclusive at the deadline."""
    judgement = judged([], [], [(ALL, (0, 0))] * 6, NO_SLO, late=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.NO_TRAFFIC) == (judgement.verdict, judgement.code)
    assert "set --success-slo, or begin with a rung below 100" in judgement.reason


def test_latency_and_its_objective_hold_at_100() -> None:
    """Slower than on the earlier rungs; and slower than the objective."""
    errors = strata(PAST, [*EARLIER, *[(ALL, (0, 0))] * 6])
    slow = strata([(500, 5)] * 120, [*[((250, 2), (250, 3))] * 12, *[((500, 100), (0, 0))] * 6])
    compared = metric(MetricKind.LATENCY, Series(slow, 250.0, "p99"))
    promised = metric(MetricKind.LATENCY, Series(sound(slow), 250.0, "p99"), objective=Series(slow, 500.0))
    for latency, rules, code in (
        (compared, RULES, ReasonCode.WORSE),
        (promised, replace(RULES, latency_slo=0.05), ReasonCode.GUARD),
    ):
        seen = evidence(sound(errors), latency, weight=100, rung_started=60.0)
        judgement = judge(seen, None, rules, deadline_reached=False)
        assert (Verdict.FAIL, code) == (judgement.verdict, judgement.code), judgement.reason


def test_what_would_have_been_caught_follows_from_the_rules_at_weight_100() -> None:
    """More requests show more; the number is in the judgement and in the sentence."""
    short, long = (judged(PAST, [], [(ALL, (0, 0))] * count).detectable_ratio for count in (6, 60))

    assert short is not None
    assert long is not None
    assert 0.0 < long < short < 0.02
