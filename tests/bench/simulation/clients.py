"""Clients that are not spread evenly: they stick to one pod, or call stable without the route."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from tests.bench.simulation.family import HISTORY_SECONDS, Client, Shape
from tests.bench.simulation.troubles import HORIZON_SECONDS

Place = tuple[float, float]
"""Two numbers (0-1): the first picks the arm, canary if it is below the weight, the second the pod."""

_GENERATIONS = 4


@dataclass(frozen=True)
class Sticky:
    """A client's places over time, by generation: when fresh pods come, every connection is made anew."""

    moves: tuple[tuple[tuple[float, ...], tuple[Place, ...]], ...]

    def place(self, at: float, generation: int) -> Place:
        """Return where the client is at this second."""
        times, places = self.moves[min(generation, _GENERATIONS - 1)]
        return places[max(0, bisect_right(times, at) - 1)]


def sticky(
    rng: np.random.Generator, part: float, fails: Shape, *, seconds: float = 0.0, load: Shape | None = None
) -> Client:
    """Return a client that stays with one pod.

    Args:
        rng: random numbers.
        part: of all requests (0-1).
        fails: share (0-1) of its requests that fail, in both arms alike.
        seconds: mean time until it connects anew; 0: it stays for good, like a user with a cookie.
        load: factor of its traffic over time; None: even.
    """
    moves = []
    for _ in range(_GENERATIONS):
        times = [-float(HISTORY_SECONDS)]
        while seconds and times[-1] < HORIZON_SECONDS:
            times.append(times[-1] + float(rng.exponential(seconds)))
        moves.append((tuple(times), tuple((float(a), float(b)) for a, b in rng.random((len(times), 2)))))
    return Client(part, fails, place=Sticky(tuple(moves)).place, load=load)


def internal(part: float, fails: Shape, *, load: Shape | None = None) -> Client:
    """Return callers within the mesh that call stable's own Service, so that the weights do not hold for them."""
    return Client(part, fails, workload="orders", load=load)
