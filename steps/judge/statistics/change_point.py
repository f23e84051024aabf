"""When a fault began: a late fault is described by the scrapes since then, not by the mean since the start."""

from collections.abc import Sequence
from math import log
from typing import Final

from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, Stratum

_BEFORE: Final = 3
"""Scrapes with canary traffic before a fault from which it may be called late."""

_BETTER: Final = 0.5
"""A fault is late up to this ratio of the canary's bad share before it to the one since."""

_GAIN: Final = 3.0
"""How much better "since then" must explain the counts than "from the start", in log-likelihood."""

_MIN_SHARE: Final = 1e-4


def change_point(strata: Sequence[Stratum]) -> int:
    """Return the index of the stratum with which the canary's fault began; 0 if it was there from the start.

    The start that gives the largest likelihood ratio of "the canary has a share of its own since" against stable's
    share of the same strata (Page's CUSUM, looked at from its end).
    """
    stable = arm_counts(strata, Arm.STABLE)
    usual = max(stable.bad / stable.total if stable.total else 0.0, _MIN_SHARE)
    requests = bad = best = 0
    most = whole = 0.0
    for index in range(len(strata) - 1, -1, -1):
        canary = strata[index].canary
        if not canary.total:
            continue
        requests, bad = requests + canary.total, bad + canary.bad
        whole = _gain(bad, requests * usual)
        if whole > most:
            most, best = whole, index
    # `whole` is now the gain of a fault from the start: a later start must explain the counts clearly better.
    return best if most - whole >= _GAIN and _is_late(strata, best) else 0


def _gain(bad: int, expected: float) -> float:
    return bad * log(bad / expected) - bad + expected if bad > expected else 0.0


def _is_late(strata: Sequence[Stratum], index: int) -> bool:
    before, since = arm_counts(strata[:index], Arm.CANARY), arm_counts(strata[index:], Arm.CANARY)
    heard = sum(1 for stratum in strata[:index] if stratum.canary.total)
    return heard >= _BEFORE and before.bad * since.total <= _BETTER * since.bad * before.total
