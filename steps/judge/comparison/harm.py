"""Harm: whether the difference in one series is worth acting on, at any moment of the run.

Evidence says that a difference is there, not that it matters. So an alarm also needs a difference of at least the
floor, in the same series, and by more than chance: a canary that is worse by less would cross a floor now and then.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.change_point import change_point
from steps.judge.statistics.exact_tests import DOUBT, binomial_at_least
from steps.model.evidence import Stratum

_RECENT: Final = 12
"""Scrapes in which a late fault is looked for."""

_BEYOND_CHANCE: Final = 0.1
"""Chance of so many bad requests, if the difference were no more than the floor, below which it is harmful. The e-process
has excluded chance already; this asks for the size of the difference, so one in ten suffices."""

_Sums = tuple[int, int, float]


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
        self._floor, self._min_bad = floor, rules.min_bad
        heard = [stratum for stratum in strata if stratum.canary.total]
        self._ends = [stratum.end for stratum in heard]
        self._bad = list(accumulate((stratum.canary.bad for stratum in heard), initial=0))
        self._sums = list(accumulate(map(_terms, heard), _plus, initial=(0, 0, 0.0)))

    def is_harmful(self, until: float = float("inf")) -> bool:
        """Return whether the difference up to a time is worth acting on, over the run or recently (a late fault)."""
        count = len(self._ends)
        while count and self._ends[count - 1] > until:
            count -= 1
        if self._bad[count] < self._min_bad:
            return False
        return self._exceeds((0, 0, 0.0), self._sums[count]) or self._exceeds(
            self._sums[max(0, count - _RECENT)], self._sums[count]
        )

    def _exceeds(self, before: _Sums, after: _Sums) -> bool:
        requests, bad, expected = (later - earlier for earlier, later in zip(before, after, strict=True))
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
    requests, bad, expected = 0, 0, 0.0
    for stratum in strata[change_point(strata) :]:
        terms = _terms(stratum)
        requests, bad, expected = requests + terms[0], bad + terms[1], expected + terms[2]
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


def _terms(stratum: Stratum) -> _Sums:
    """Return the canary's requests and bad ones, and the bad ones to be expected at stable's share."""
    canary, stable = stratum.canary, stratum.stable
    if not stable.total:
        return 0, 0, 0.0
    return canary.total, canary.bad, canary.total * stable.bad / stable.total


def _plus(one: _Sums, other: _Sums) -> _Sums:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
