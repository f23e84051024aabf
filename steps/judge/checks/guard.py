"""The absolute guard: the canary is above an objective in plain numbers while stable meets it.

It sees what ratios of the arms do not show, and its answer is in the user's own terms. It alarms only if a one-sided
e-process against "the canary's bad share is at most the allowed one" crosses its own line, so noise does not roll back
a service that is always close to its objective. If stable is above the objective as well, it waits ("shared") and never
alarms. Where one of stable's pods is bad for good, the canary must be beyond what that pod explains: a pod of its own
may have got the same node, or the same clients.
"""

from collections.abc import Sequence
from math import log
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import upper_tail
from steps.judge.statistics.incidents import without_incidents
from steps.judge.statistics.one_sample import OneSampleTest
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, Counts, Stratum
from steps.model.judgement import GuardJudgement

GUARD_SCRAPES: Final = 3
_RECENT: Final = 12
"""Scrapes in which an outage of stable still excuses a canary: it may reach the two arms at different moments."""

_MAJORITY: Final = 0.5
_MOST_EXPLAINED: Final = 0.99
"""No pod explains a canary that fails everything, and the test needs a share below 1."""


def judge_guard(
    metric: str, strata: tuple[Stratum, ...], allowed: float, rules: Rules, *, aligned: bool, full_weight: bool = False,
    histories: Sequence[StableHistory] = (),
) -> GuardJudgement:  # fmt: skip
    """Judge one metric's strata against the allowed bad share (0-1).

    The state is "alarm" if the canary's last three strata are above the objective, the e-process against it has crossed
    1 / guard_alpha (or most requests failed in each of the three), and stable meets the objective over these strata,
    over the last dozen, and over the run outside of its incidents. It is "shared" if both arms are above the objective
    over the last strata, else "ok". With `full_weight` the canary has all the traffic (weight 100), so that a stable
    without requests excuses nothing. `histories` is stable's history before each stratum from the first exposure on,
    for callers that have it.
    """
    exposed = [stratum for stratum in strata if stratum.canary.total]
    last = exposed[-GUARD_SCRAPES:]
    canary, stable = arm_counts(last, Arm.CANARY), arm_counts(last, Arm.STABLE)
    value, state = 1.0, "ok"
    if canary.bad >= rules.guard_bad and _is_above(canary, allowed) and _is_surely_above(stable, allowed, rules):
        state = "shared"  # stable has the requests that the canary may lack
    elif canary.total >= rules.guard_requests and canary.bad >= rules.guard_bad and _is_above(canary, allowed):
        explained = max(allowed, _share_of_worst_pod(histories, rules))
        value = OneSampleTest(explained, one_sample_cap(rules, aligned=aligned)).run(strata, histories)
        # If most requests fail in three scrapes in a row, no earlier noise of stable excuses it.
        most_fail = all(s.canary.bad >= _MAJORITY * s.canary.total for s in last)
        if full_weight:  # without stable, chance is excluded by the canary's own counts
            counts = [stratum.canary for stratum in last]
            most_fail = most_fail and is_beyond_chance(counts, allowed, len(exposed), 1.0, rules.guard_alpha)
        all_above = len(last) == GUARD_SCRAPES and all(_is_above(s.canary, explained) for s in last)
        crossed = all_above and (most_fail or value >= 1.0 / rules.guard_alpha) and (bool(stable.total) or full_weight)
        state = "shared" if _stable_is_above(exposed, stable, allowed) else "alarm" if crossed else "ok"
    return GuardJudgement(
        metric, state, allowed, _share(canary), _share(stable), value,
        canary.total, canary.bad, stable.total, stable.bad,
    )  # fmt: skip


def one_sample_cap(rules: Rules, *, aligned: bool) -> float:
    """Return the most that one stratum may add to the evidence of one arm alone (ln)."""
    return log(1.0 / rules.guard_alpha) * (rules.cap_aligned if aligned else rules.cap) / 2.0


def is_beyond_chance(last: Sequence[Counts], allowed: float, looks: int, phi: float, alpha: float) -> bool:
    """Return whether the last scrapes cannot be chance, although somebody has looked after every scrape so far.

    The chances that look number n may take, alpha / (n (n + 1)), add up to alpha over all looks together.

    Args:
        last: an arm's counts in its last scrapes.
        allowed: the bad share (0-1) that chance is computed for.
        looks: scrapes so far (>= 1), each of which may have been looked at.
        phi: overdispersion, >= 1.
        alpha: chance of a false alarm in all looks together (0-1).
    """
    counts = Counts(sum(one.total for one in last), sum(one.bad for one in last))
    chance: float = upper_tail(counts, allowed) ** (1.0 / phi)
    return chance < alpha / (looks * (looks + 1))


def _share_of_worst_pod(histories: Sequence[StableHistory], rules: Rules) -> float:
    """Return the bad share (0-1) that stable's worst pod has for good, and a little more; 0 if that is not known."""
    return min(_MOST_EXPLAINED, rules.ratio * histories[-1].habit_share) if histories else 0.0


def _stable_is_above(exposed: Sequence[Stratum], last: Counts, allowed: float) -> bool:
    """Return whether stable is above it now, a moment ago, or most of the time, not just in an incident long over."""
    recent, usual = arm_counts(exposed[-_RECENT:], Arm.STABLE), arm_counts(without_incidents(exposed), Arm.STABLE)
    return any(_is_above(counts, allowed) for counts in (last, recent, usual))


def _is_surely_above(counts: Counts, allowed: float, rules: Rules) -> bool:
    """Return whether an arm alone has enough requests and bad ones to be called above the objective."""
    enough = counts.total >= rules.guard_requests and counts.bad >= rules.guard_bad
    return enough and _is_above(counts, allowed)


def _is_above(counts: Counts, allowed: float) -> bool:
    return counts.bad > allowed * counts.total


def _share(counts: Counts) -> float:
    return counts.bad / counts.total if counts.total else 0.0
