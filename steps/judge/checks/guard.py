"""The absolute guard: the canary breaks a promise in plain numbers while stable keeps it.

It sees what a comparison cannot put into ratios, and speaks the user's language. It alarms only when a one-sided
e-process against "the canary's bad share is at most what is allowed" crosses its own line, so a service that lives
close to its objective is not rolled back by noise; when stable is out as well it holds ("shared") and never alarms.
"""

from collections.abc import Sequence
from math import log
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.incidents import without_incidents
from steps.judge.statistics.one_sample import OneSampleTest
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.windows import arm_counts
from steps.model.evidence import Arm, Counts, Stratum
from steps.model.judgement import GuardJudgement

GUARD_SCRAPES: Final = 3
_RECENT: Final = 12
"""Scrapes in which an outage of stable still excuses a canary: it may reach the two at different moments."""

_MOST: Final = 0.5


def judge_guard(
    metric: str, strata: tuple[Stratum, ...], allowed: float, rules: Rules, *, aligned: bool, alone: bool = False,
    known: Sequence[StableHistory] = (),
) -> GuardJudgement:  # fmt: skip
    """Judge one metric's strata against the allowed bad share (0-1).

    The state is "alarm" when the last three strata of the canary are out of bounds, the e-process against the promise
    has crossed 1 / guard_alpha (or most requests failed in each of the three), and stable keeps the promise over these
    strata, over the last dozen, and over the run outside of its incidents; "shared" when both arms are out over the
    last strata; else "ok". With `alone` the canary has all the traffic (weight 100), so that a silent stable excuses
    nothing. `known` is stable's past before each stratum from the first exposure on, for callers that have it.
    """
    exposed = [stratum for stratum in strata if stratum.canary.total]
    last = exposed[-GUARD_SCRAPES:]
    canary, stable = arm_counts(last, Arm.CANARY), arm_counts(last, Arm.STABLE)
    value, state = 1.0, "ok"
    if canary.bad >= rules.guard_bad and _out(canary, allowed) and _proves(stable, allowed, rules):
        state = "shared"  # stable has the requests that the canary may lack
    elif canary.total >= rules.guard_requests and canary.bad >= rules.guard_bad and _out(canary, allowed):
        value = OneSampleTest(allowed, one_sample_cap(rules, aligned=aligned)).run(strata, known)
        # Where most requests fail in three scrapes in a row, no past noise of stable excuses it.
        plain = all(s.canary.bad >= _MOST * s.canary.total for s in last)
        bad = len(last) == GUARD_SCRAPES and all(_out(s.canary, allowed) for s in last)
        crossed = bad and (plain or value >= 1.0 / rules.guard_alpha) and (bool(stable.total) or alone)
        state = "shared" if _shared(exposed, stable, allowed) else "alarm" if crossed else "ok"
    return GuardJudgement(
        metric, state, allowed, _share(canary), _share(stable), value,
        canary.total, canary.bad, stable.total, stable.bad,
    )  # fmt: skip


def one_sample_cap(rules: Rules, *, aligned: bool) -> float:
    """Return the most that one stratum may add to the evidence of one arm alone, ln."""
    return log(1.0 / rules.guard_alpha) * (rules.cap_aligned if aligned else rules.cap) / 2.0


def _shared(exposed: Sequence[Stratum], last: Counts, allowed: float) -> bool:
    """Tell whether stable is out of bounds now, a moment ago, or most of the time; not for an incident long over."""
    recent, usual = arm_counts(exposed[-_RECENT:], Arm.STABLE), arm_counts(without_incidents(exposed), Arm.STABLE)
    return any(_out(counts, allowed) for counts in (last, recent, usual))


def _proves(counts: Counts, allowed: float, rules: Rules) -> bool:
    """Tell whether an arm alone has enough requests and bad ones to be called out of bounds."""
    enough = counts.total >= rules.guard_requests and counts.bad >= rules.guard_bad
    return enough and _out(counts, allowed)


def _out(counts: Counts, allowed: float) -> bool:
    return counts.bad > allowed * counts.total


def _share(counts: Counts) -> float:
    return counts.bad / counts.total if counts.total else 0.0
