"""A large difference of the arms in plain numbers: no pass, whatever stable's history makes of the evidence.

Fisher's exact test of counts of the same time, outside of stable's incidents, so that a bad minute of stable excuses
nothing. It never fails a canary: bad requests that come in batches may look like this by chance.
"""

from collections.abc import Iterator, Sequence
from math import log, sqrt
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import DOUBT, log_fisher, lower_tail
from steps.judge.statistics.incidents import dispersion_over_time, without_incidents
from steps.judge.statistics.windows import LAST_SCRAPES, Window, windows
from steps.model.evidence import Counts, Stratum

_LINE: Final = log(1e-4)
"""Chance (ln) of such counts under equal shares below which the canary is worse beyond doubt."""

_TIMES: Final = 2.0
"""A difference is large from so many times stable's share on."""

_GROSS_POINTS: Final = 0.1
_GROSS_DEVIATIONS: Final = 4.0
_MIN_SHARE: Final = 0.02
"""Difference of the shares, and standard deviations (computed for a share of at least 2 %), that make the canary
grossly worse."""


def large_difference(strata: Sequence[Stratum], floor: float, rules: Rules, rung_started: float) -> Window | None:
    """Return a window in which the canary is worse beyond doubt, or None.

    Earlier rungs do not count if the present one alone shows no such difference.

    Args:
        strata: of one series, history included.
        floor: smallest difference of the bad shares (0-1) that counts as harm.
        rules: for the minimum of bad requests.
        rung_started: when the present weight was set, unix seconds.
    """
    if not any(_may_be_harm(counts, floor, rules) for counts in _canary_counts(strata, rung_started)):
        return None
    quiet = without_incidents(strata)
    noise: float | None = None
    seen = windows(quiet, rung_started)
    for window in seen:
        canary, stable = window.canary, window.stable
        if not _is_far_above(canary, stable, floor, rules):
            continue
        noise = dispersion_over_time(quiet) if noise is None else noise
        is_sure = log_fisher(canary, stable) / noise < _LINE or (
            not window.last and _grossly_worse(canary, stable, rules)
        )
        if is_sure and (window.present or not _is_over(seen[0], window, floor)):
            return window
    return None


def _grossly_worse(canary: Counts, stable: Counts, rules: Rules) -> bool:
    """Return whether a pass would be absurd whatever stable's noise is: by ten points and four standard deviations."""
    usual = max(stable.bad / stable.total, _MIN_SHARE)
    deviation = sqrt(usual * max(1.0 - usual, _MIN_SHARE) / canary.total)
    far = canary.bad / canary.total - stable.bad / stable.total >= max(_GROSS_POINTS, _GROSS_DEVIATIONS * deviation)
    return far and canary.bad >= 2 * rules.min_bad


def _is_over(rung: Window, run: Window, floor: float) -> bool:
    """Return whether the rung shows that the run's difference is over: surely no harm, or surely not half as bad."""
    usual, share = run.stable.bad / run.stable.total, run.canary.bad / run.canary.total
    return rung.present and lower_tail(rung.canary, max(_TIMES * usual, usual + floor, share / 2.0)) < DOUBT


def _canary_counts(strata: Sequence[Stratum], rung_started: float) -> Iterator[Counts]:
    """Yield the canary's counts of each window in one pass: every judgement asks this of every series."""
    heard = requests = bad = 0
    rung = True
    for stratum in reversed(strata):
        canary = stratum.canary
        if not canary.total:
            continue
        if heard in LAST_SCRAPES or (rung and stratum.end <= rung_started):
            yield Counts(requests, bad)
        rung = rung and stratum.end > rung_started
        heard, requests, bad = heard + 1, requests + canary.total, bad + canary.bad
    yield Counts(requests, bad)


def _may_be_harm(canary: Counts, floor: float, rules: Rules) -> bool:
    return canary.bad >= rules.min_bad and canary.bad >= floor * canary.total


def _is_far_above(canary: Counts, stable: Counts, floor: float, rules: Rules) -> bool:
    if not _may_be_harm(canary, floor, rules) or not stable.total:
        return False
    share, usual = canary.bad / canary.total, stable.bad / stable.total
    return share >= usual + floor and share >= _TIMES * usual
