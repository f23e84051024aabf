"""Troubles over time, drawn once for a whole rollout: spells of failures, rates that wander, and numbers from ranges.

A shape of this module gives the same values whichever part of the time it is asked for, so that a rollout may be drawn
rung by rung.
"""

import numpy as np

from tests.bench.simulation.family import HISTORY_SECONDS, Shape, Shares, Times

HORIZON_SECONDS = 5400
"""Until when troubles are drawn: a ladder with three rungs to their deadlines, and every trial repeated, is shorter."""

_GRID_SECONDS = 3.0
Range = tuple[float, float]


def between(rng: np.random.Generator, limits: Range) -> float:
    """Draw a number whose logarithm is even between these limits (> 0)."""
    low, high = limits
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def spells(rng: np.random.Generator, every: float, seconds: Range, share: Range) -> Shape:
    """Return spells that come at random, about one in `every` seconds; each has a length and a share of its own."""
    count = rng.poisson((HISTORY_SECONDS + HORIZON_SECONDS) / every)
    starts = rng.uniform(-HISTORY_SECONDS, HORIZON_SECONDS, count)
    drawn = [(start, start + between(rng, seconds), between(rng, share)) for start in starts]
    return _spells(drawn)


def _spells(drawn: list[tuple[float, float, float]]) -> Shape:
    def shape(times: Times, _: np.random.Generator) -> Shares:
        found = np.zeros(len(times))
        for start, end, share in drawn:
            found[(times >= start) & (times < end)] = share
        return found

    return shape


def spell(start: float, seconds: float, share: float, before: float = 0.0) -> Shape:
    """Return one spell; `before` is the share at all other times."""
    return lambda times, _: np.where((times >= start) & (times < start + seconds), share, before)


def wander(rng: np.random.Generator, sigma: float, seconds: float) -> Shape:
    """Return a factor with mean 1 whose logarithm is a random walk that returns to its mean.

    It is an Ornstein-Uhlenbeck process on a grid of three seconds.

    Args:
        rng: random numbers.
        sigma: standard deviation of the logarithm.
        seconds: time after which its correlation has fallen to 1/e.
    """
    count = int((HISTORY_SECONDS + HORIZON_SECONDS) / _GRID_SECONDS)
    keep = float(np.exp(-_GRID_SECONDS / seconds))
    noise = rng.normal(0.0, sigma, count)
    values = np.empty(count)
    values[0] = noise[0]
    for i in range(1, count):
        values[i] = keep * values[i - 1] + np.sqrt(1.0 - keep * keep) * noise[i]
    factors = np.exp(values - sigma * sigma / 2.0)

    def shape(times: Times, _: np.random.Generator) -> Shares:
        index = ((times + HISTORY_SECONDS) / _GRID_SECONDS).astype(np.int64)
        found: Shares = factors[np.clip(index, 0, count - 1)]
        return found

    return shape


def plus(*shapes: Shape) -> Shape:
    """Return the sum of shapes, at most 1."""
    return lambda times, rng: np.minimum(1.0, np.sum([one(times, rng) for one in shapes], axis=0))
