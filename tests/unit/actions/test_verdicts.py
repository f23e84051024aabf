"""What the verdicts of a run allow, and how its record sums them up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.actions.ladder import check_on_ladder
from steps.actions.promotion_gate import check_passed
from steps.actions.verdicts import summarize_verdicts
from steps.errors import PermanentError
from steps.model.run import Claim, Destination, ObjectName, Phase, RouteTarget, RunState
from steps.model.rungs import BY_HAND, BY_POLICY, RungVerdict
from steps.model.trials import Trial

Said = tuple[int, str] | tuple[int, str, str]
TARGETS = (RouteTarget(ObjectName("shop", "shop"), ("main",)),)
FULL = (5, 25, 50)


def memory(
    ladder: tuple[int, ...] = FULL, weights: tuple[int, ...] = FULL, verdicts: tuple[Said, ...] = (), unjudged: str = ""
) -> RunState:
    """Return the memory of a run that set these weights and got these verdicts, in order."""
    kept = tuple(RungVerdict(one[0], one[1], 100.0, *one[2:]) for one in verdicts)
    return RunState(
        0.0, 900.0, TARGETS, Destination("shop"), Destination("shop-canary"), tuple((9.0, one) for one in weights),
        ladder=ladder, verdicts=kept, unjudged=unjudged,
    )  # fmt: skip


def claim(kept: RunState) -> Claim:
    """Return a claim in phase walking."""
    return Claim("shop", "one", 1, Phase.WALKING, kept)


PASSED: tuple[Said, ...] = ((5, "pass"), (25, "pass"), (50, "pass"))


@pytest.mark.parametrize(
    "kept",
    [
        memory(verdicts=PASSED),
        memory(verdicts=((5, "inconclusive"), (50, "pass"))),
        memory(verdicts=((50, "pass", BY_POLICY),)),
        memory(ladder=(), weights=(20,), verdicts=((20, "pass"),)),
        memory(ladder=(100,), weights=(100,), verdicts=((100, "pass"),)),
    ],
)
def test_a_pass_on_the_last_rung_is_enough(kept: RunState) -> None:
    """By the judge, by policy, with a known ladder or without."""
    assert "" == check_passed(claim(kept), "")


@pytest.mark.parametrize(
    ("kept", "what"),
    [
        (memory(weights=()), "no weight was set in this run, so no request of a user was judged. Set and analyze the"),
        (
            memory(ladder=(), weights=()),
            "no weight was set in this run, so no request of a user was judged. Set a weig",
        ),
        (
            memory(weights=(5, 0), verdicts=((5, "pass"),)),
            "weight 0 since 1970-01-01 00:00:09 UTC; weight 5 before it was",
        ),
        (
            memory(),
            "weight 50 has no verdict since it was set at 1970-01-01 00:00:09 UTC. Run `analyze --run one` at this",
        ),
        (memory(ladder=()), r"\(or an older image judged it, which keeps no verdicts\)"),
        (memory(verdicts=((25, "pass"),)), "weight 50 has no verdict"),
        (
            memory(verdicts=((50, "inconclusive"),)),
            "weight 50 was judged inconclusive at 1970-01-01 00:01:40 UTC, which is",
        ),
        (memory(verdicts=((50, "fail"),)), "weight 50 was judged fail"),
        (memory(ladder=(), weights=(20,), verdicts=((20, "fail"),)), "weight 20 was judged fail"),
        (
            memory(weights=(5,), verdicts=((5, "pass"),)),
            "weight 5 passed, but the ladder 5, 25, 50 is not finished: 25, 50 is left. Set weight 25 and analyze it",
        ),
        (memory(verdicts=((25, "fail"), (50, "pass"))), "weight 50 passed, but weight 25 was judged fail"),
    ],
)
def test_anything_else_is_refused_with_weight_verdict_and_remedy(kept: RunState, what: str) -> None:
    """Exit code 4 with a remedy; a person's reason overrides each refusal."""
    with pytest.raises(PermanentError, match=what) as caught:
        check_passed(claim(kept), "")
    assert caught.value.cause.endswith(
        'or roll back. `promote --run one --unjudged "why"` promotes without a pass, as the record will say.'
    )
    assert "at night nobody comes" == check_passed(claim(kept), "at night nobody comes")


def test_a_reason_that_was_not_needed_is_not_recorded() -> None:
    """The canary passed, and the record says so."""
    assert "" == check_passed(claim(memory(verdicts=PASSED)), "in a hurry")


@pytest.mark.parametrize(
    ("kept", "verdict", "reason"),
    [
        (memory(verdicts=PASSED), "pass", "the canary passed every rung (5, 25, 50); stable runs its template"),
        (
            memory(ladder=(), weights=(20,), verdicts=((20, "pass"),)),
            "pass",
            "the canary passed every rung (20); stable runs its template",
        ),
        (
            memory(ladder=(), weights=(20, 50, 25, 0), verdicts=((50, "pass"),)),
            "pass",
            "the canary passed weight 50; weight 20 not judged; stable runs its template",
        ),
        (
            memory(verdicts=((5, "inconclusive"), (50, "pass"))),
            "pass",
            "the canary passed weight 50; weight 5 inconclusive; weight 25 not judged; stable runs its template",
        ),
        (
            memory(verdicts=((5, "pass"), (25, "pass", BY_POLICY), (50, "pass", BY_HAND))),
            "pass",
            "the canary passed every rung (5, 25, 50); 25 by policy, inconclusive; 50 by hand, inconclusive",
        ),
        (
            memory(verdicts=((5, "pass"), (25, "inconclusive")), unjudged="no users"),
            "unjudged",
            "promoted without a pass: no users (weight 5 pass; weight 25 inconclusive; weight 50 not judged)",
        ),
        (
            memory(ladder=(), unjudged="a hotfix"),
            "unjudged",
            "promoted without a pass: a hotfix (no weight was judged); stable runs the canary's template",
        ),
        (memory(), "", "stable runs the canary's template; the claim keeps no verdict of any weight"),
    ],
)
def test_the_record_says_exactly_what_was_judged(kept: RunState, verdict: str, reason: str) -> None:
    """It says "every rung" only if that is true."""
    said = summarize_verdicts(kept)
    assert (verdict, reason) == (said[0], said[1][: len(reason)])


def test_a_long_ladder_is_abbreviated() -> None:
    """A record has 600 characters for its reason."""
    every = tuple(range(1, 101))
    kept = memory(every, every, tuple((weight, "pass") for weight in every))
    assert "every rung (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …, 100)" in summarize_verdicts(kept)[1]


@pytest.mark.parametrize(("present", "weight"), [((), 5), ((5,), 5), ((5,), 25), ((5,), 50), ((50,), 0), ((50, 0), 5)])
def test_a_ladder_is_climbed(present: tuple[int, ...], weight: int) -> None:
    """The same weight again, a higher one, or 0, from which it may start again."""
    check_on_ladder(claim(memory(weights=present)), weight)


@pytest.mark.parametrize(
    ("weight", "what"),
    [
        (
            30,
            r"it is not on the run's ladder 5, 25, 50, which prepare was given \(--ladder\)\. Set one of these weights",
        ),
        (100, "it is not on the run's ladder"),
        (
            5,
            "the run is at weight 25 of its ladder 5, 25, 50, which can only be climbed. Set 0 to return the us",
        ),
    ],
)
def test_a_weight_off_or_below_the_ladder_is_refused(weight: int, what: str) -> None:
    """Exit code 4: nothing is written, and the message names the ladder."""
    with pytest.raises(PermanentError, match=what):
        check_on_ladder(claim(memory(weights=(5, 25))), weight)


def test_without_a_ladder_any_weight_may_be_set() -> None:
    """Single steps of other pipelines have none."""
    check_on_ladder(claim(memory(ladder=(), weights=(50,))), 30)


@pytest.mark.parametrize(
    ("next_weight", "said"),
    [
        (1, "fresh pods did not repeat the alarm at weight 25"),
        (0, "after trouble of both arms the canary did not repeat the alarm at weight 25"),
    ],
)
def test_a_promotion_says_which_alarm_did_not_come_again(next_weight: int, said: str) -> None:
    """And calls pods fresh only where they were replaced."""
    trial = Trial(5.0, 25, "worse", "9/9 failed", "errors", 9, next_weight, shared=True)
    assert said in summarize_verdicts(replace(memory(verdicts=PASSED), trials=(trial,)))[1]
