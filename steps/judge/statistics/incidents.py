"""Stable's incidents: a bad minute of stable in its past says nothing for a canary that fails now.

An incident is a stretch of scrapes in which stable fails far more than in the rest of its time. One or two such
stretches are incidents and are left out of plain comparisons. More of them are the way this service fails, which a
canary may do as well: then nothing is left out.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.exact_tests import upper_tail
from steps.judge.statistics.windows import arm_counts
from steps.model.evidence import Arm, Counts, Stratum

_LEAST: Final = 3
_RARE: Final = 1e-3
"""Bad requests of a scrape, and the chance of so many in the rest of the time, that make it part of an incident."""

_ROUNDS: Final = 6
_GAP: Final = 2
"""Scrapes between two bad ones that still belong to one incident."""

_INCIDENTS: Final = 2
_NEVER: Final = 0.5
"""Where stable is bad for more than this part of its scrapes, that is not an incident but its normal state."""


def without_incidents(strata: Sequence[Stratum]) -> list[Stratum]:
    """Return the strata outside of stable's incidents; also the neighbours of an incident are left out.

    The neighbours may hold a part of it: pods are scraped at different moments.
    """
    episodes = _episodes(_bad(strata))
    if not episodes or len(episodes) > _INCIDENTS:
        return list(strata)
    if sum(last - first + 1 for first, last in episodes) > _NEVER * len(strata):
        return list(strata)
    out = {index for first, last in episodes for index in range(first - 1, last + 2)}
    return [stratum for index, stratum in enumerate(strata) if index not in out]


def dispersion_over_time(strata: Sequence[Stratum]) -> float:
    """Return how much more stable's failures scatter from scrape to scrape than independent ones would, >= 1.

    Pearson's chi-square per degree of freedom of the scrapes' totals.
    """
    counts = [stratum.stable for stratum in strata if stratum.stable.total]
    whole = arm_counts(strata, Arm.STABLE)
    if len(counts) < 2 or not 0 < whole.bad < whole.total:  # noqa: PLR2004 - nothing to compare
        return 1.0
    share = whole.bad / whole.total
    square = sum((one.bad - one.total * share) ** 2 / (one.total * share * (1.0 - share)) for one in counts)
    return max(1.0, square / (len(counts) - 1))


def _bad(strata: Sequence[Stratum]) -> list[int]:
    """Return the indexes of the strata in which stable fails far more than in the others.

    Begins with the better half of the strata as "the others", so that a long incident does not hide itself.
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
    return counts.bad >= _LEAST and upper_tail(counts, share) < _RARE


def _episodes(indexes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last index of each stretch, small gaps closed."""
    found: list[tuple[int, int]] = []
    for index in indexes:
        if found and index - found[-1][1] <= 1 + _GAP:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found
