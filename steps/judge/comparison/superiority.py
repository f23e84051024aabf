"""A canary that is better beyond doubt: a broken stable must not keep its fix from the users.

Where stable fails much, nothing a canary did could have been worse, so "would have been caught" is void. What can be
shown instead is that the canary fails less: the any-time upper limit of the ratio of the rates is below 1.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.confidence_sequence import ratio_limits
from steps.judge.statistics.windows import arm_counts
from steps.model.evidence import Arm, Stratum

_RECENT: Final = 12
"""Scrapes in which stable must still be worse: an incident of stable that is over makes no canary better."""

_CLEARLY: Final = 0.8
"""The canary's share relative to stable's, from which on it is not worth asking for limits."""


def ratio_upper_limit(exposed: Sequence[Stratum], alpha: float, phi: float) -> float | None:
    """Return the any-time upper limit (chance 1 - alpha) of canary rate / stable rate if it is below 1, else None.

    Args:
        exposed: strata since the canary's first request.
        alpha: chance of an error.
        phi: overdispersion, >= 1.
    """
    if not _clearly_less(exposed) or not _clearly_less(_recent(exposed)):
        return None
    high = ratio_limits(exposed, alpha, phi)[1]
    return high if high is not None and high < 1.0 else None


def _clearly_less(strata: Sequence[Stratum]) -> bool:
    canary, stable = arm_counts(strata, Arm.CANARY), arm_counts(strata, Arm.STABLE)
    return canary.total > 0 and canary.bad * stable.total < _CLEARLY * stable.bad * canary.total


def _recent(strata: Sequence[Stratum]) -> Sequence[Stratum]:
    heard = [index for index, stratum in enumerate(strata) if stratum.canary.total]
    return strata[heard[-_RECENT] :] if len(heard) >= _RECENT else strata
