"""Log-likelihood ratios of one stratum: is the canary's bad rate a multiple of stable's?

Given e bad requests in both arms together, the number that falls on the canary does not depend on the rate itself:
it is Binomial(e, qr / (qr + 1 - q)), where q is the canary's part of the requests and r the ratio of the rates (the
conditional test of two Poisson rates, Przyborowski and Wilenski 1940). A stratum's factor has mean <= 1 whenever
r <= ratio; this also holds for hypergeometric counts, since their exponential moments are at most the binomial ones
(Hoeffding 1963). Where the bad share is high and counts are small, Fisher's noncentral hypergeometric law is used
instead: it also takes into account how many of the canary's requests were good. The choice between the two depends on
the margins only, so the mean stays <= 1.
"""

from math import exp, log
from typing import Final

from steps.model.evidence import Stratum

GAINS: Final = (1.6, 2.8, 5.0, 12.0, 40.0, 200.0)
"""Alternatives: the canary's rate is gain * ratio times stable's."""

GAIN_WEIGHTS: Final = (1 / 7, 1 / 7, 1 / 7, 1 / 7, 1 / 7, 2 / 7)
"""Prior of the alternatives. A total failure must be decided by very few requests, so it gets a double share."""

_EXACT_TERMS: Final = 8
_EXACT_SHARE: Final = 0.1
_MAX_SHARE: Final = 0.6


_HABIT_STEP: Final = log(1.1)
"""The habit of stable's worst pod is rounded to a power of 1.1, so that few tables are needed."""


class LikelihoodRatio:
    """Log-likelihood ratios against the null "rate ratio <= ratio", for each of GAINS."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio
        self._gains = [log(gain) for gain in GAINS]
        self._rates = [ratio * gain - 1.0 for gain in GAINS]
        self._costs: dict[tuple[int, int], list[tuple[float, float]]] = {}
        self._beyond: dict[int, LikelihoodRatio] = {0: self}

    def beyond(self, habit: float) -> "LikelihoodRatio":
        """Return the ratios against the null "rate ratio <= ratio * habit"; `habit` >= 1 is rounded.

        A habit that is learnt from earlier strata alone keeps the mean of each factor at most 1.
        """
        if habit == 1.0:
            return self
        power = round(log(habit) / _HABIT_STEP)
        found = self._beyond.get(power)
        if found is None:
            found = self._beyond[power] = LikelihoodRatio(self.ratio * exp(power * _HABIT_STEP))
        return found

    def logs(self, stratum: Stratum) -> list[float]:
        """Return ln(factor) by gain; both arms must have traffic, and at least one request must be bad."""
        canary, stable = stratum.canary, stratum.stable
        return self.logs_of(canary.total, canary.bad, stable.total, stable.bad)

    def logs_of(self, canary_total: int, canary_bad: int, stable_total: int, stable_bad: int) -> list[float]:
        """Return ln(factor) by gain for plain counts."""
        bad, total = canary_bad + stable_bad, canary_total + stable_total
        if bad > _EXACT_SHARE * total and min(bad, canary_total) <= _EXACT_TERMS:
            return self._exact(canary_total, canary_bad, stable_total, bad)
        costs = self._costs.get((canary_total, stable_total)) or self._cost(canary_total, stable_total)
        return [canary_bad * gain - bad * cost for gain, cost in costs]

    def _cost(self, canary_total: int, stable_total: int) -> list[tuple[float, float]]:
        """Return by gain what a bad canary request adds and what any bad request subtracts.

        Kept in a table, since the metrics of a rollout share their request counts.
        """
        part = canary_total / (canary_total + stable_total)
        null = 1.0 + part * (self.ratio - 1.0)
        costs = [(gain, log((1.0 + part * rate) / null)) for gain, rate in zip(self._gains, self._rates, strict=True)]
        self._costs[canary_total, stable_total] = costs
        return costs

    def _exact(self, canary_total: int, canary_bad: int, stable_total: int, bad: int) -> list[float]:
        low, high = max(0, bad - stable_total), min(bad, canary_total)
        if low == high:
            return [0.0] * len(GAINS)
        weights = _weights(canary_total, stable_total, bad, low, high)
        share = min(bad / (canary_total + stable_total), _MAX_SHARE)
        odds = self.ratio * (1.0 - share) / max(1.0 - self.ratio * share, 0.1)
        null = _chance(weights, odds, canary_bad - low)
        return [log(_chance(weights, odds * gain, canary_bad - low) / null) for gain in GAINS]


def _weights(canary_total: int, stable_total: int, bad: int, low: int, high: int) -> list[float]:
    """Return C(canary_total, x) * C(stable_total, bad - x) for x = low..high, scaled so that the first is 1."""
    weights = [1.0]
    for x in range(low, high):
        step = (canary_total - x) * (bad - x) / ((x + 1) * (stable_total - bad + x + 1))
        weights.append(weights[-1] * step)
    return weights


def _chance(weights: list[float], odds: float, index: int) -> float:
    """Return the chance of term `index` under Fisher's noncentral hypergeometric law."""
    terms = [weight * odds**i for i, weight in enumerate(weights)]
    return max(terms[index] / sum(terms), 1e-300)
