"""Sample ratio mismatch: does the canary get the part of the requests that its weight says?

It is only a note, since many kinds of requests may bypass a route. The test is the sequential one of Lindon and Malek
(2022), a Bayes factor with a beta prior.
"""

from math import lgamma, log
from typing import Final

from steps.judge.checks.sample_size import main_series
from steps.judge.wording import notes
from steps.model.evidence import Evidence

_PRIOR: Final = 100.0
"""Strength of the prior, in requests: Beta(100 q, 100 (1 - q)) around the part q that the weight says."""

_LINE: Final = log(1000.0)
_NOTABLE: Final = 0.7
"""A part of at least this share of the expected one is not worth a note."""

_SETTLED_INTERVALS: Final = 1.0


def mismatch_note(evidence: Evidence) -> tuple[str, ...]:
    """Return a note if the canary got clearly fewer requests on this rung than its weight says, else ().

    The test is a beta-binomial e-value against "each request reaches the canary with chance weight / 100", from the
    first whole scrape after the weight was set.
    """
    weight, series = evidence.weight, main_series(evidence)
    if weight is None or not 0 < weight < 100 or series is None:  # noqa: PLR2004 - percent
        return ()
    since = evidence.rung_started + _SETTLED_INTERVALS * evidence.scrape_interval_seconds
    strata = [stratum for stratum in series.strata if stratum.start >= since]
    canary, stable = sum(s.canary.total for s in strata), sum(s.stable.total for s in strata)
    part = weight / 100.0
    if canary >= _NOTABLE * part * (canary + stable) or _log_e(canary, stable, part) < _LINE:
        return ()
    return (notes.sample_ratio_mismatch(canary, canary + stable, weight),)


def _log_e(canary: int, stable: int, part: float) -> float:
    a, b = _PRIOR * part, _PRIOR * (1.0 - part)
    return _log_beta(a + canary, b + stable) - _log_beta(a, b) - canary * log(part) - stable * log(1.0 - part)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
