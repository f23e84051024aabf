"""A canary that is better beyond doubt: a broken stable must not keep its fix from the users.

Where stable fails a lot, hardly any canary could be worse, so "would have been caught" means nothing. Instead it can be
shown that the canary fails less: the any-time upper limit of the ratio of the rates is below 1.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.confidence_sequence import ratio_limits
from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, Stratum

_RECENT: Final = 12
"""Scrapes in which stable must still be worse: an incident of stable that is over does not make a canary better."""

_CLEARLY_LESS: Final = 0.8
"""Limits are only computed while the canary's bad share is below this part of stable's."""


def ratio_upper_limit(exposed: Sequence[Stratum], alpha: float, phi: float) -> float | None:
    """Return the any-time upper limit (confidence 1 - alpha) of canary rate / stable rate if it is below 1, else None.

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
    return canary.total > 0 and canary.bad * stable.total < _CLEARLY_LESS * stable.bad * canary.total


def _recent(strata: Sequence[Stratum]) -> Sequence[Stratum]:
    heard = [index for index, stratum in enumerate(strata) if stratum.canary.total]
    return strata[heard[-_RECENT] :] if len(heard) >= _RECENT else strata
