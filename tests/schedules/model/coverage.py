"""Ways through the model that let every process do everything that it can do, at least once.

What a process does next depends on the objects and on its own place, not on where the others are. So one way for each
such pair stands for all transitions that only differ in the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.schedules.model.actor import Actor
from tests.schedules.model.cluster import Objects
from tests.schedules.model.exploration import Explored, Move, State, explore, way_to

Deed = tuple[Objects, Actor, str]
"""The objects that a process meets, its own place, and what happens to it."""


def covering_ways(first: State) -> list[list[Move]]:
    """Return ways from the first state that together have every deed.

    Each goes the shortest way to a deed that is still missing, and from there on as long as others are.
    """
    return list(_ways(explore(first)))


def _ways(found: Explored) -> Iterator[list[Move]]:
    following: dict[State, list[tuple[Move, State]]] = {}
    missing: set[Deed] = set()
    for state, move, after in found.transitions:
        following.setdefault(state, []).append((move, after))
        missing |= _deeds(state, move)
    for state, move, after in found.transitions:
        if not _deeds(state, move) & missing:
            continue
        way, here = [*way_to(found, state), move], after
        missing -= _deeds(state, move)
        while (step := _next(here, following, missing)) is not None:
            missing -= _deeds(here, step[0])
            way.append(step[0])
            here = step[1]
        yield way


def _deeds(state: State, move: Move) -> set[Deed]:
    """Return the deed of a move, nothing for a death or the passing of time: there the code does nothing."""
    if move.what not in {"go", "lose"}:
        return set()
    actor = next(actor for actor in state.actors if actor.name == move.who)
    return {(state.objects, actor, move.what)}


def _next(
    state: State, following: dict[State, list[tuple[Move, State]]], missing: set[Deed]
) -> tuple[Move, State] | None:
    """Return a move with a missing deed and the state after it, None if there is none."""
    return next((one for one in following.get(state, []) if _deeds(state, one[0]) & missing), None)
