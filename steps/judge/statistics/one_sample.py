"""Any-time evidence about one arm alone: is the canary's bad share above a fixed one?

The e-process of `e_process`, with binomial likelihood ratios of the canary's own counts (Ville's inequality holds in
the same way). Stable's counts are only used for phi and for the lengths of bursts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from steps.judge.statistics.bursts import BurstLimit
from steps.judge.statistics.e_process import BAD_FROM_START, start_prior
from steps.judge.statistics.histories import stable_histories
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.strata import first_exposed
from steps.model.evidence import Counts, Stratum

_FACTORS: Final = (1.5, 2.0, 3.0, 5.0, 10.0, 25.0, 60.0)
_NEARLY_ALL: Final = 0.999
_CEILING: Final = 1e60
_MAX_LOG: Final = 600.0
_NINE_OF_TEN: Final = 1.2816


@dataclass(frozen=True, slots=True)
class OneSampleTest:
    """E-process against "the canary's bad share <= allowed", mixed over how much worse it is and when that began.

    Attributes:
        allowed: the share under test, between 0 and 1.
        cap: the most that one stratum may add (ln).
    """

    allowed: float
    cap: float

    def run(self, strata: Sequence[Stratum], histories: Sequence[StableHistory] = ()) -> float:
        """Return the e-value after the strata; stable's part of them shows how bad requests come in batches.

        `histories` is stable's history before each stratum from the first exposure on, for callers that have it.
        """
        pairs = self._pairs()
        sums, rest, index, burst = [0.0] * len(pairs), 1.0, 0, BurstLimit(len(pairs))
        exposed = strata[first_exposed(strata) :]
        for number, (stratum, history) in enumerate(
            zip(exposed, histories or stable_histories(strata), strict=False), 1
        ):
            counts = stratum.canary
            if not counts.total:
                continue
            prior = start_prior(index)
            index, rest = index + 1, rest - prior
            logs = [min(value, self.cap) for value in _logs(counts, pairs, history.phi)]
            logs = burst.limit(logs, stratum, history, number)
            sums = [min((old + prior) * exp(value), _CEILING) for old, value in zip(sums, logs, strict=True)]
        return max(0.0, rest) + sum(sums) / len(pairs)

    def detectable(self, total: int, phi: float, line: float) -> float | None:
        """Return the smallest share (0-1) of `total` requests that reaches `line` nine times in ten; None if none does.

        Assumes a fault that was there from the start. The share is Wilson's upper limit for the fewest bad requests
        that reach the line.
        """
        low, high = 0, total
        if not total or self._value(Counts(total, total), phi) < line:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._value(Counts(total, middle), phi) >= line else (middle, high)
        bad, z = high - 0.5, _NINE_OF_TEN
        reach = bad + z * z / 2.0 + z * sqrt(bad * (1.0 - bad / total) + z * z / 4.0)
        return min(1.0, reach / (total + z * z))

    def _value(self, counts: Counts, phi: float) -> float:
        """Return the e-value of a fault that was there from the start, as one stratum without a cap."""
        logs = _logs(counts, self._pairs(), phi)
        if counts.bad <= self.allowed * counts.total:
            return 0.0
        return BAD_FROM_START * sum(exp(min(value, _MAX_LOG)) for value in logs) / len(logs)

    def _pairs(self) -> list[tuple[float, float]]:
        allowed = self.allowed
        shares = [min(factor * allowed, _NEARLY_ALL) for factor in _FACTORS if factor * allowed < 1.0]
        return [(log(share / allowed), log((1.0 - share) / (1.0 - allowed))) for share in [*shares, _NEARLY_ALL]]


def _logs(counts: Counts, pairs: list[tuple[float, float]], phi: float) -> list[float]:
    good = counts.total - counts.bad
    return [(counts.bad * bad + good * fine) / phi for bad, fine in pairs]
