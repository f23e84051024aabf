"""Search for the share of bad requests that raises an alarm nine times in ten, over random placements on the strata."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from math import cos, log, pi, sqrt
from typing import Final

from steps.judge.statistics.exact_tests import binomial_at_least

CAUGHT: Final = 0.925
"""The chance of being caught that is claimed as nine in ten; the difference covers the tolerance of the search."""

_DRAWS, _LESS, _FEWEST = 192, 8, 4
"""Fewer placements are tried if there are more strata: each takes longer, and they differ less."""

_CLOSE: Final = 0.02
"""Relative width at which a search for a number of bad requests ends."""

_ROUGH: Final = 0.25
"""The same for a first guess."""

_FEW: Final = 16
_SMALL: Final = 400
_HALVINGS: Final = 14
_WORD: Final = 2**64 - 1

Alarms = Callable[[Sequence[int]], bool]
"""Returns whether these numbers of bad requests by stratum raise the alarm."""


def smallest_detectable_share(totals: Sequence[int], alarms: Alarms, minimum: int) -> float | None:
    """Return the smallest bad share (0-1) that raises the alarm with chance CAUGHT.

    Every request is equally likely to be bad. The number of bad requests that raises the alarm is found for several
    random placements on the strata (the random numbers follow from `totals`, so that equal evidence gives equal
    answers). How many bad requests a share brings is binomial.

    Args:
        totals: requests by stratum.
        alarms: the question asked about each placement.
        minimum: bad requests below which there is no alarm.

    Returns:
        The share, or None if even a canary that fails everything would go unnoticed.
    """
    whole = sum(totals)
    if whole < minimum or not alarms(totals):
        return None
    even = _search(lambda bad: alarms(_even(totals, bad)), minimum, whole, minimum, _ROUGH)
    draw = _uniform(whole * len(totals) + totals[-1])
    draws = max(_FEWEST, _DRAWS // len(totals) - _LESS)
    bounds = (minimum, whole, even)
    return _share(whole, [_needed(_placement(totals, even, draw), alarms, bounds) for _ in range(draws)])


def _needed(place: Callable[[int], list[int]], alarms: Alarms, bounds: tuple[int, int, int]) -> int:
    minimum, most, guess = bounds
    return _search(lambda bad: alarms(place(bad)), minimum, most, guess)


def _search(enough: Callable[[int], bool], minimum: int, most: int, guess: int, width: float = _CLOSE) -> int:
    """Return the smallest number (to a relative `width`) that is enough, starting near a guess; `most` is enough.

    First steps of doubling size from the guess until the answer lies between `low` and `high`, then bisection.
    """
    low, high, step = minimum - 1, most, max(1, guess // 8)
    at = min(guess, most)
    while low < at < high:
        if enough(at):
            high, at = at, at - step
        else:
            low, at = at, at + step
        step *= 2
    while high - low > max(1, int(width * high)):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _even(totals: Sequence[int], bad: int) -> list[int]:
    """Spread bad requests over strata in proportion to their requests."""
    whole = sum(totals)
    marks = [bad * reached // whole for reached in accumulate(totals)]
    return [after - before for before, after in zip([0, *marks], marks, strict=False)]


def _placement(totals: Sequence[int], usual: int, draw: Iterator[float]) -> Callable[[int], list[int]]:
    """Draw one placement of bad requests on strata; a larger number extends a smaller one."""
    reached = list(accumulate(totals))
    whole = reached[-1]
    if whole <= _SMALL:
        hit = sorted((i for i, total in enumerate(totals) for _ in range(total)), key=lambda _: next(draw))
    elif usual <= _FEW * len(totals):
        hit = [bisect_right(reached, number * whole) for number in islice(draw, 3 * usual + 20)]
    else:
        return _scattered(totals, draw)

    def place(bad: int) -> list[int]:
        found = [0] * len(totals)
        for i in hit[:bad]:
            found[i] += 1
        return [min(x, n) for x, n in zip(found, totals, strict=True)]

    return place


def _scattered(totals: Sequence[int], draw: Iterator[float]) -> Callable[[int], list[int]]:
    """Place many bad requests: normal deviations of a multinomial law, the same ones for every number of them."""
    whole = sum(totals)
    parts = [total / whole for total in totals]
    raw = [sqrt(part) * _normal(draw) for part in parts]
    deviations = [one - part * sum(raw) for one, part in zip(raw, parts, strict=True)]

    def place(bad: int) -> list[int]:
        scale = sqrt(bad * (1.0 - bad / whole))
        return [
            min(total, max(0, round(bad * part + scale * off)))
            for total, part, off in zip(totals, parts, deviations, strict=True)
        ]

    return place


def _uniform(seed: int) -> Iterator[float]:
    """Yield pseudo-random numbers in (0, 1), the same ones for the same seed (SplitMix64)."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        word = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
        yield ((word ^ (word >> 31)) + 0.5) / (_WORD + 1.0)


def _normal(draw: Iterator[float]) -> float:
    """Return a standard normal number from two uniform ones (Box and Muller)."""
    return sqrt(-2.0 * log(next(draw))) * cos(2.0 * pi * next(draw))


def _share(total: int, needed: Sequence[int]) -> float:
    """Return the share (0-1) at which the needed numbers, all equally likely, are reached with chance CAUGHT."""
    low, high = min(needed) / total / 4.0, 1.0
    for _ in range(_HALVINGS):
        middle = sqrt(low * high)
        reached = sum(binomial_at_least(number, total, middle) for number in needed) / len(needed)
        low, high = (low, middle) if reached >= CAUGHT else (middle, high)
    return high
