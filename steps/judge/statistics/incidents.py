"""Stable's incidents: a bad minute in stable's history does not excuse a canary that fails now.

An incident is a stretch of scrapes in which stable fails far more than at all other times. One or two such stretches
are incidents and are left out of plain comparisons. More of them are how this service usually fails, and a canary may
fail so as well: then nothing is left out.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.exact_tests import upper_tail
from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, Counts, Stratum

_INCIDENT_BAD: Final = 3
_INCIDENT_CHANCE: Final = 1e-3
"""A scrape belongs to an incident from so many bad requests on, if their chance at all other times is below this."""

_ROUNDS: Final = 6
_GAP: Final = 2
"""Scrapes between two bad ones that still belong to one incident."""

_MAX_INCIDENTS: Final = 2
_MAX_PART: Final = 0.5
"""If stable is bad in more than this part of its scrapes, that is not an incident but its normal state."""


def without_incidents(strata: Sequence[Stratum]) -> list[Stratum]:
    """Return the strata outside of stable's incidents and their neighbours.

    A neighbour may contain a part of the incident, since pods are scraped at different moments.
    """
    episodes = _episodes(_bad_strata(strata))
    if not episodes or len(episodes) > _MAX_INCIDENTS:
        return list(strata)
    if sum(last - first + 1 for first, last in episodes) > _MAX_PART * len(strata):
        return list(strata)
    out = {index for first, last in episodes for index in range(first - 1, last + 2)}
    return [stratum for index, stratum in enumerate(strata) if index not in out]


def dispersion_over_time(strata: Sequence[Stratum]) -> float:
    """Return how much more stable's failures vary from scrape to scrape than independent ones would, >= 1.

    Pearson's chi-square of the scrapes' totals, per degree of freedom.
    """
    counts = [stratum.stable for stratum in strata if stratum.stable.total]
    whole = arm_counts(strata, Arm.STABLE)
    if len(counts) < 2 or not 0 < whole.bad < whole.total:  # noqa: PLR2004 - nothing to compare
        return 1.0
    share = whole.bad / whole.total
    square = sum((one.bad - one.total * share) ** 2 / (one.total * share * (1.0 - share)) for one in counts)
    return max(1.0, square / (len(counts) - 1))


def _bad_strata(strata: Sequence[Stratum]) -> list[int]:
    """Return the indexes of the strata in which stable fails far more than in the others.

    Starts with the better half of the strata as "the others", so that a long incident does not hide itself.
    """
    heard = [index for index, stratum in enumerate(strata) if stratum.stable.total]
    heard.sort(key=lambda index: strata[index].stable.bad / strata[index].stable.total)
    found = set(heard[(len(heard) + 1) // 2 :])
    for _ in range(_ROUNDS):
        rest = arm_counts([stratum for index, stratum in enumerate(strata) if index not in found], Arm.STABLE)
        share = rest.bad / rest.total if rest.total else 0.0
        again = {index for index in heard if _far(strata[index].stable, share)}
        if again == found:
            break
        found = again
    return sorted(found)


def _far(counts: Counts, share: float) -> bool:
    return counts.bad >= _INCIDENT_BAD and upper_tail(counts, share) < _INCIDENT_CHANCE


def _episodes(indexes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last index of each stretch, with small gaps closed."""
    found: list[tuple[int, int]] = []
    for index in indexes:
        if found and index - found[-1][1] <= 1 + _GAP:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found
