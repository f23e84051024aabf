"""Limits on the evidence of a single stratum: divided by phi where failures come in batches, then cut at a cap.

A stratum of a second can look terrible for reasons that have nothing to do with the release: one lost connection pool,
a shared outage that Prometheus scraped at different moments for the two arms. So one stratum alone may only add a part
of the evidence that an alarm needs. How large a part depends on what stable's history shows.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.likelihood_ratio import GAIN_WEIGHTS, LikelihoodRatio
from steps.judge.statistics.shared_outages import is_shared_outage
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.strata import first_exposed
from steps.model.evidence import Counts, Stratum

_MAJORITY: Final = (0.8, 0.5)
"""Share of a stratum's canary requests that counts as "most fail", without and with a history of stable: a batch of
bad requests may hit half of a stratum by chance, and only the history shows whether stable has such batches."""

_HISTORY_STRATA: Final = 20
"""Strata before the first exposure from which stable has a history in this sense."""

_DECISIVE_SECONDS: Final = 3.0
_DECISIVE_BAD: Final = 6
"""A stratum may decide alone if it lasted at least so long and had at least so many bad canary requests: an outage of
one connection pool for a second does not make a bad release."""

_BACKGROUND_BAD: Final = 6
"""Up to so many bad requests of stable in three strata are background, not an outage counted at another moment."""

_BLIND: Final = 0.35
"""Cap, in units of ln(1/alpha), while stable's history is short and its pods are not distinguished: nothing shows yet
whether failures come in batches."""


class EvidenceCap:
    """Limits what one stratum may add, in units of ln(1/alpha).

    Args:
        strata: the series; only the canary's first exposure is read, nothing else of the canary.
        ratios: see `LikelihoodRatio`.
        rules: see `Rules.cap` and its siblings.
        limit: ln(1/alpha).
        aligned: both arms were counted in the same scrape.
    """

    def __init__(
        self, strata: Sequence[Stratum], ratios: LikelihoodRatio, rules: Rules, limit: float, *, aligned: bool
    ) -> None:
        self._strata, self._ratios = strata, ratios
        self.majority = majority_share(strata)
        self.cap = rules.cap * limit
        self.lowest = min(self.cap, _BLIND * limit)
        self._is_blind = not any(stratum.stable_pods for stratum in strata)
        self._if_quiet = max(self.cap, rules.cap_sound * limit)
        self._if_confirmed = max(self.cap, rules.cap_confirmed * limit)
        self._if_most_fail = (rules.cap_aligned if aligned else rules.cap) * limit
        self._if_most_fail_briefly = min(self._if_most_fail, limit)

    def cut(self, logs: list[float], stratum: Stratum, index: int, history: StableHistory) -> list[float]:
        """Cut at the cap, or at a higher one if stable's strata next to number `index` confirm the difference."""
        ceilings = self._ceilings(stratum, index, history)
        return [min(value, ceiling) for value, ceiling in zip(logs, ceilings, strict=True)]

    def is_shared(self, stratum: Stratum, index: int, history: StableHistory) -> bool:
        """Return whether stable fails like the canary next to this stratum, number `index`: then it adds nothing."""
        return is_shared_outage(stratum.canary, self._strata, index, history)

    def _ceilings(self, stratum: Stratum, index: int, history: StableHistory) -> list[float]:
        """Return the ceiling by gain: the highest that stable's history and its neighbouring strata justify."""
        count = len(GAIN_WEIGHTS)
        # 1. Most canary requests fail in a scrape of both arms while stable is quiet: one or two strata decide.
        if self._if_most_fail > self.cap and history.is_quiet and fails_most(stratum.canary, self.majority):
            decides = (
                history.has_history
                and stratum.end - stratum.start >= _DECISIVE_SECONDS
                and stratum.canary.bad >= _DECISIVE_BAD
            )
            return [self._if_most_fail if decides else self._if_most_fail_briefly] * count
        # 2. The usual cap: higher beside a stable that was quiet for long, lower while nothing is known of it.
        long_quiet = history.is_quiet and history.has_history
        is_blind = self._is_blind and not history.has_history
        usual = self._if_quiet if long_quiet else self.lowest if is_blind else self.cap
        if not (history.may_raise_cap or long_quiet) or not 0 < index < len(self._strata) - 1:
            return [usual] * count
        # 3. Confirmation: the same canary counts against stable's previous, present and next stratum together.
        near = [self._strata[i].stable for i in (index - 1, index, index + 1)]
        total, bad = min(counts.total for counts in near), sum(counts.bad for counts in near)
        if bad <= _BACKGROUND_BAD:  # no outage that was counted a stratum later, so all three are background
            total = sum(counts.total for counts in near)
        if not total:
            return [usual] * count
        robust = self._ratios.beyond(history.habit).logs_of(
            stratum.canary.total, stratum.canary.bad, total, min(bad, total)
        )
        return [max(usual, min(value / history.phi, self._if_confirmed)) for value in robust]


def scale_by_phi(logs: list[float], stratum: Stratum, history: StableHistory, majority: float) -> list[float]:
    """Divide by phi, except where phi is not estimated yet, stable is quiet and the canary fails most of its requests.

    Batches of stable's size rarely look like that, and a total failure must not wait for an estimate of phi. Where such
    a stratum was possible (by its margins) but did not come, evidence in favour of the canary is not divided either: so
    the mean of the factor stays at most 1.
    """
    phi, canary = history.phi, stratum.canary
    if phi <= 1.0:
        return logs
    if history.phi_is_estimated or canary.bad + stratum.stable.bad < majority * canary.total:
        return [value / phi for value in logs]
    exempt = history.is_quiet and fails_most(canary, majority)
    return logs if exempt else [min(value, value / phi) for value in logs]


def fails_most(canary: Counts, majority: float) -> bool:
    """Return whether at least the share `majority` (0-1) of the canary's requests of a stratum are bad."""
    return canary.bad >= majority * canary.total


def majority_share(strata: Sequence[Stratum]) -> float:
    """Return the share that counts as most of a stratum's requests (see _MAJORITY)."""
    return _MAJORITY[first_exposed(strata) >= _HISTORY_STRATA]
