"""A second opinion: the mixture sequential probability ratio test (mSPRT) of A/B testing, on the failed requests alone.

Source: Johari, Pekelis, Walsh, "Always Valid Inference: Bringing Sequential Analysis to A/B Testing" (arXiv:1512.04922,
2015; Operations Research 70, 2022), section 5, after Robbins, "Statistical methods related to the law of the iterated
logarithm" (1970). With n pairs, means x and y, V = x (1 - x) + y (1 - y) and a normal prior with variance tau^2:

    L = sqrt(V / (V + n tau^2)) exp(n^2 tau^2 (y - x)^2 / (2 V (V + n tau^2)))

The test rejects equal shares the first time that L >= 1 / alpha. The arms differ in size here, so V / n becomes the
variance of the difference, p (1 - p) (1 / n_x + 1 / n_y) with the pooled share p. That is the whole method: it knows no
pods, no bursts, no stable before the canary, no tolerated difference and no other metric. It shares no code with the
judge, only what was read: all counts since the first exposure. Its approximation needs some failures, so it has the
judge's minimum of three.
"""

from collections.abc import Sequence
from math import log
from typing import Final

from steps.model.evidence import Counts, Stratum
from tests.bench.rules.canary_steps import read
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.rollout import Rollout

ALPHA: Final = 0.01
TAU: Final = 0.01
"""Standard deviation of the differences that the test expects (a share): a point of a percent."""

MIN_BAD: Final = 3


def mixture_sprt(rollout: Rollout) -> Outcome:
    """Test after every stratum; the canary fails if the test rejects and the canary is the worse arm."""
    evidence = read(rollout)
    strata = evidence.metrics[0].series[0].strata if evidence.metrics else ()
    exposed = [stratum for stratum in strata if stratum.end > rollout.started and stratum.canary.total]
    end = first_alarm(exposed)
    return Outcome(None if end is None else rollout.visible(end) - rollout.started, None, "mSPRT")


def first_alarm(strata: Sequence[Stratum]) -> float | None:
    """Return the end of the first stratum at which the test rejects, or None."""
    stable = canary = Counts(0, 0)
    for stratum in strata:
        stable, canary = _plus(stable, stratum.stable), _plus(canary, stratum.canary)
        if canary.bad >= MIN_BAD and log_ratio(stable, canary) >= log(1.0 / ALPHA):
            return stratum.end
    return None


def log_ratio(stable: Counts, canary: Counts, tau: float = TAU) -> float:
    """Return ln L; 0 as long as an arm is empty, nothing failed, or the canary is not the worse arm."""
    if not (stable.total and canary.total and canary.bad):
        return 0.0
    difference = canary.bad / canary.total - stable.bad / stable.total
    pooled = (stable.bad + canary.bad) / (stable.total + canary.total)
    variance = pooled * (1.0 - pooled) * (1.0 / stable.total + 1.0 / canary.total)
    if difference <= 0.0 or variance <= 0.0:
        return 0.0
    whole = variance + tau * tau
    return 0.5 * log(variance / whole) + tau * tau * difference * difference / (2.0 * variance * whole)


def _plus(one: Counts, other: Counts) -> Counts:
    return Counts(one.total + other.total, one.bad + other.bad)
