"""Harm: whether the difference in one series is worth acting on, at any moment of the run.

Evidence says that a difference is there, not that it matters. So an alarm also needs a difference of at least the
floor, in the same series, and by more than chance: a canary that is worse by less would cross a floor now and then.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, reduce
from itertools import accumulate
from math import inf
from typing import Final, NamedTuple

from steps.judge.rules import Rules
from steps.judge.statistics.change_point import change_point
from steps.judge.statistics.exact_tests import DOUBT, binomial_at_least
from steps.model.evidence import Stratum

_RECENT: Final = 12
"""Scrapes in which a late fault is looked for."""

_BEYOND_CHANCE: Final = 0.1
"""Chance of so many bad requests, if the difference were no more than the floor, below which it is harmful. The
e-process has excluded chance already; this asks for the size of the difference, so one in ten suffices."""


class Harm:
    """The difference of the arms in one series, since the first exposure up to any stratum.

    Strata in which stable had no requests are left out. Stable's bad share is weighted by the canary's requests of each
    stratum, so that drift does not bias the difference.

    Args:
        strata: since the canary's first exposure.
        floor: smallest difference of the bad shares (0-1) that counts as harm.
        rules: for the minimum of bad requests.
    """

    def __init__(self, strata: Sequence[Stratum], floor: float, rules: Rules) -> None:
        self._strata, self._floor, self._min_bad = strata, floor, rules.min_bad

    def is_harmful(self, until: float = inf) -> bool:
        """Return whether the difference up to a time is worth acting on, over the run or recently (a late fault)."""
        count = bisect_right(self._ends, until)
        now = self._sums[count]
        if now.bad < self._min_bad:
            return False
        return self._exceeds(_NOTHING, now) or self._exceeds(self._sums[max(0, count - _RECENT)], now)

    @cached_property
    def _ends(self) -> list[float]:
        return [stratum.end for stratum in self._strata if stratum.canary.total]

    @cached_property
    def _sums(self) -> list["_Sums"]:
        """Return the sums up to each stratum with canary traffic, the empty one first; only a doubt needs them."""
        return list(accumulate((stratum for stratum in self._strata if stratum.canary.total), _plus, initial=_NOTHING))

    def _exceeds(self, before: "_Sums", after: "_Sums") -> bool:
        """Return whether the difference between two moments is at least the floor, and by more than chance."""
        requests, bad = after.requests - before.requests, after.compared - before.compared
        expected = after.expected - before.expected
        if not requests or bad - expected < self._floor * requests:
            return False
        share = expected / requests + self._floor
        return share <= 0.0 or share >= 1.0 or binomial_at_least(bad, requests, share) < _BEYOND_CHANCE


def is_surely_tolerated(strata: Sequence[Stratum], floor: float) -> bool:
    """Return whether the difference is below the floor beyond doubt; that of a late fault since it began.

    Args:
        strata: since the canary's first exposure.
        floor: smallest difference of the bad shares (0-1) that counts as harm.
    """
    sums = reduce(_plus, strata[change_point(strata) :], _NOTHING)
    requests, bad, expected = sums.requests, sums.compared, sums.expected
    if bad >= requests or bad - expected >= floor * requests:
        return False
    share = expected / requests + floor
    return share >= 1.0 or 1.0 - binomial_at_least(bad + 1, requests, share) < DOUBT


def weighted_share(strata: Sequence[Stratum]) -> float:
    """Return stable's bad share (0-1) weighted by the canary's requests of each stratum; 0 without requests."""
    requests = expected = 0.0
    for stratum in strata:
        canary, stable = stratum.canary, stratum.stable
        if stable.total:
            requests += canary.total
            expected += canary.total * stable.bad / stable.total
    return expected / requests if requests else 0.0


class _Sums(NamedTuple):
    """Bad canary requests; and of the strata in which stable had requests: the canary's, bad and expected ones."""

    bad: int
    requests: int
    compared: int
    expected: float


_NOTHING: Final = _Sums(0, 0, 0, 0.0)


def _plus(sums: _Sums, stratum: Stratum) -> _Sums:
    canary, stable = stratum.canary, stratum.stable
    if not stable.total:
        return sums._replace(bad=sums.bad + canary.bad)
    expected = canary.total * stable.bad / stable.total
    return _Sums(
        sums.bad + canary.bad, sums.requests + canary.total, sums.compared + canary.bad, sums.expected + expected
    )
