"""Plain facts about strata (scrape intervals) that every test asks for."""

from collections.abc import Sequence

from steps.model.evidence import Arm, Counts, Stratum


def arm_counts(strata: Sequence[Stratum], arm: Arm) -> Counts:
    """Return the sum of an arm's counts."""
    if arm is Arm.CANARY:
        return Counts(sum(s.canary.total for s in strata), sum(s.canary.bad for s in strata))
    return Counts(sum(s.stable.total for s in strata), sum(s.stable.bad for s in strata))


def first_exposed(strata: Sequence[Stratum]) -> int:
    """Return the index of the first stratum with canary traffic, or the number of strata if there is none."""
    return next((i for i, stratum in enumerate(strata) if stratum.canary.total), len(strata))


def strata_with_canary(strata: Sequence[Stratum]) -> int:
    """Count the strata with canary traffic."""
    return sum(1 for stratum in strata if stratum.canary.total)


def is_informative(stratum: Stratum) -> bool:
    """Return whether the arms can be compared: both had requests and at least one request was bad."""
    canary, stable = stratum.canary, stratum.stable
    return bool(canary.total and stable.total and (canary.bad or stable.bad))
