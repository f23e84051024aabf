"""Arms that are far apart in plain numbers: no pass, whatever stable's past makes of the evidence.

It asks Fisher's question of the counts of the same time outside of stable's incidents, so that a bad minute of stable
excuses nothing. It never fails a canary: bad requests that come in batches may look like this by chance.
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
_TIMES: Final = 2.0
_POINTS: Final = 0.1
_DEVIATIONS: Final = 4.0
_LITTLE: Final = 0.02


def large_difference(strata: Sequence[Stratum], floor: float, rules: Rules, rung_started: float) -> Window | None:
    """Return a window in which the canary is worse beyond doubt, or None.

    What lies before the present rung does not count if the rung by itself shows no such difference.

    Args:
        strata: of one series, history included.
        floor: smallest difference of the bad shares (0-1) that counts as harm.
        rules: for the least number of bad requests.
        rung_started: when the present weight was set, unix seconds.
    """
    if not any(_possible(counts, floor, rules) for counts in _sums(strata, rung_started)):
        return None
    quiet = without_incidents(strata)
    noise: float | None = None
    seen = windows(quiet, rung_started)
    for window in seen:
        canary, stable = window.canary, window.stable
        if not _far(canary, stable, floor, rules):
            continue
        noise = dispersion_over_time(quiet) if noise is None else noise
        sure = log_fisher(canary, stable) / noise < _LINE or (not window.last and _glaring(canary, stable, rules))
        if sure and (window.present or not _over(seen[0], window, floor)):
            return window
    return None


def _glaring(canary: Counts, stable: Counts, rules: Rules) -> bool:
    """Tell whether a pass would be absurd whatever stable's noise is: ten points and four standard deviations."""
    usual = max(stable.bad / stable.total, _LITTLE)
    deviation = sqrt(usual * max(1.0 - usual, _LITTLE) / canary.total)
    far = canary.bad / canary.total - stable.bad / stable.total >= max(_POINTS, _DEVIATIONS * deviation)
    return far and canary.bad >= 2 * rules.min_bad


def _over(rung: Window, run: Window, floor: float) -> bool:
    """Tell whether a rung shows that what was seen in the whole run is over: no harm, or not half as bad, for sure."""
    usual, share = run.stable.bad / run.stable.total, run.canary.bad / run.canary.total
    return rung.present and lower_tail(rung.canary, max(_TIMES * usual, usual + floor, share / 2.0)) < DOUBT


def _sums(strata: Sequence[Stratum], rung_started: float) -> Iterator[Counts]:
    """Yield the canary's counts of each window in one pass: this is asked of every series at every look."""
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


def _possible(canary: Counts, floor: float, rules: Rules) -> bool:
    return canary.bad >= rules.min_bad and canary.bad >= floor * canary.total


def _far(canary: Counts, stable: Counts, floor: float, rules: Rules) -> bool:
    if not _possible(canary, floor, rules) or not stable.total:
        return False
    share, usual = canary.bad / canary.total, stable.bad / stable.total
    return share >= usual + floor and share >= _TIMES * usual
