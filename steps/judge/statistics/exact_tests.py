"""Exact tests of counts: what anyone would conclude from seeing the numbers once, without a history.

They assume that requests fail independently, and that one looks once. So they may keep a canary from passing for a
while, but they never fail one: that needs the any-time tests of `e_process` and `one_sample`.
"""

from collections.abc import Callable
from math import erf, exp, inf, lgamma, log, log1p, sqrt
from typing import Final

from steps.model.evidence import Counts

DOUBT: Final = 0.01
"""Chance below which a plain count is believed."""

_NEGLIGIBLE: Final = 1e-12
_TERMS: Final = 100_000
"""Terms that are added one by one: larger counts would need millions of them, only to settle the twelfth digit."""

_MAX_REQUESTS: Final = 10**10
"""Requests up to which factorials are exact enough: ln(n!) has an error of about 1e-5 there."""


def upper_tail(counts: Counts, share: float) -> float:
    """Return P(X >= bad) for X ~ Binomial(total, share): small if more is bad than `share` (0-1) explains.

    1 if no more than the mean is bad; the callers ask for nothing more exact.
    """
    (counts,) = _scaled_down(counts)
    total, bad = counts.total, counts.bad
    if bad <= total * share:
        return 1.0
    if share <= 0.0:
        return 0.0
    odds = share / (1.0 - share)
    first = _log_choose(total, bad) + bad * log(share) + (total - bad) * log1p(-share)
    return min(1.0, exp(first) * _series(lambda x: (total - x) / (x + 1) * odds, bad, total))


def lower_tail(counts: Counts, share: float) -> float:
    """Return P(X <= bad) for X ~ Binomial(total, share): small if the arm is surely better than `share` (0-1)."""
    return upper_tail(Counts(counts.total, counts.total - counts.bad), 1.0 - share)


def binomial_at_least(number: int, total: int, share: float) -> float:
    """Return the chance of at least `number` (1..total) among `total` independent draws of this share (0-1).

    By the approximation of Peizer and Pratt (JASA 63, 1968), in a time that does not depend on the counts.
    """
    if share >= 1.0:
        return 1.0
    mean, below, above = total * share, number - 0.5, total - number + 0.5
    off = number - 1 + 2.0 / 3.0 - (total + 1.0 / 3.0) * share
    off += 0.02 * ((1.0 - share) / number - share / (above + 0.5) + (0.5 - share) / (total + 1.0))
    if abs(below - mean) < 1e-9:  # noqa: PLR2004 - the quotient below is 0 / 0 there
        return 0.5
    deviance = below * log(below / mean) + above * log(above / (total - mean))
    score = off / abs(below - mean) * sqrt(2.0 * deviance / (1.0 + 1.0 / (6.0 * total)))
    return 0.5 * (1.0 - erf(score / sqrt(2.0)))


def log_fisher(canary: Counts, stable: Counts) -> float:
    """Return ln P(at least as many of both arms' bad requests fall on the canary), if both arms are equally bad.

    Fisher's exact test, one-sided: the hypergeometric tail. 0 if the canary has no more than its part.
    """
    canary, stable = _scaled_down(canary, stable)
    total, bad = canary.total + stable.total, canary.bad + stable.bad
    if not stable.total or canary.bad * total <= bad * canary.total:
        return 0.0

    def ratio(x: int) -> float:
        return (canary.total - x) * (bad - x) / ((x + 1) * (stable.total - bad + x + 1))

    first = _log_choose(canary.total, canary.bad) + _log_choose(stable.total, stable.bad) - _log_choose(total, bad)
    return min(0.0, first + log(_series(ratio, canary.bad, min(bad, canary.total))))


def _scaled_down(*arms: Counts) -> tuple[Counts, ...]:
    """Return the counts, or a part of each if they are so large that a float cannot tell their factorials apart.

    Fewer requests with the same shares prove less, so this errs on the side of a pass.
    """
    most = max(counts.total for counts in arms)
    if most <= _MAX_REQUESTS:
        return arms
    return tuple(Counts(counts.total * _MAX_REQUESTS // most, counts.bad * _MAX_REQUESTS // most) for counts in arms)


def _series(ratio: Callable[[int], float], first: int, last: int) -> float:
    """Return 1 + the sum of the following terms, each `ratio(x)` times the one before; they shrink beyond the mean.

    The rest after many terms is bounded from above by a geometric series, since the ratios shrink as well.
    """
    total = term = 1.0
    for x in range(first, min(last, first + _TERMS)):
        term *= ratio(x)
        total += term
        if term < _NEGLIGIBLE * total:
            return total
    if last > first + _TERMS:
        rest = ratio(first + _TERMS)
        total += term * rest / max(1.0 - rest, _NEGLIGIBLE)
    return total


def _log_choose(whole: int, part: int) -> float:
    if not 0 <= part <= whole:
        return -inf
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
