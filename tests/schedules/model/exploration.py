"""Every state that the protocol can reach: who acts next, who dies, which answer is lost, when a claim expires."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tests.schedules.model.actor import Actor
from tests.schedules.model.cluster import Objects, Token
from tests.schedules.model.protocol import BEFORE_THE_END, advance, ended, stopped


class State(NamedTuple):
    """The objects and the processes.

    Args:
        objects: as the API server has them.
        actors: the processes, in a fixed order.
        lost: whether an answer was lost already; more than one adds no new kind of state.
        expiries: how often a claim may still expire while its owner lives.
    """

    objects: Objects
    actors: tuple[Actor, ...]
    lost: bool = False
    expiries: int = 2


class Move(NamedTuple):
    """What happens next.

    Args:
        what: `go`: the process makes its next write; `lose`: so, and the answer is lost; `crash`: it dies;
            `expire`: time passes until the claim has expired.
        who: the process, "" for `expire`.
    """

    what: str
    who: str = ""


def begin(*kinds: str) -> State:
    """Return the state before processes of these kinds act: nobody has a claim, and all users are on stable."""
    actors = tuple(
        Actor(f"{kind}-{place}", kind, "recover" if kind == "sweep" else "forward") for place, kind in enumerate(kinds)
    )
    return State(Objects(), actors)


def moves(state: State) -> Iterator[Move]:
    """Yield all that may happen next."""
    objects = state.objects
    if objects.anchor.token is not None and not objects.expired and state.expiries:
        yield Move("expire")
    for actor in state.actors:
        if actor.program:
            yield Move("go", actor.name)
            yield Move("crash", actor.name)
            if not state.lost and actor.program == "forward" and _may_lose(state, actor):
                yield Move("lose", actor.name)


def _may_lose(state: State, actor: Actor) -> bool:
    """Return whether the next write that changes something is before the end of a release."""
    return advance(state.objects, actor)[1].at <= BEFORE_THE_END


def after(state: State, move: Move) -> State:
    """Return the state after a move."""
    if move.what == "expire":
        return state._replace(objects=state.objects._replace(expired=True), expiries=state.expiries - 1)
    place = next(place for place, actor in enumerate(state.actors) if actor.name == move.who)
    actor, objects, lost = state.actors[place], state.objects, state.lost
    if move.what == "crash":
        actor = ended(actor)
    else:
        objects, actor = advance(objects, actor)
        if move.what == "lose" and objects != state.objects:
            # The step ends with an error; the exit handler of the pipeline rolls back what is the run's.
            lost, actor = True, stopped(objects, actor)
    actors = (*state.actors[:place], actor, *state.actors[place + 1 :])
    return State(objects, actors, lost, state.expiries)


class Explored(NamedTuple):
    """The whole graph.

    Args:
        states: every state that can be reached → the move by which it was reached first, and the state before.
        transitions: (state, move, state after).
    """

    states: dict[State, tuple[State, Move] | None]
    transitions: list[tuple[State, Move, State]]


def explore(first: State) -> Explored:
    """Explore breadth-first, without a bound."""
    found = Explored({first: None}, [])
    waiting = deque([first])
    while waiting:
        state = waiting.popleft()
        for move in moves(state):
            following = after(state, move)
            found.transitions.append((state, move, following))
            if following not in found.states:
                found.states[following] = (state, move)
                waiting.append(following)
    return found


def way_to(found: Explored, state: State) -> list[Move]:
    """Return the shortest way to a state."""
    way: list[Move] = []
    before = found.states[state]
    while before is not None:
        way.append(before[1])
        before = found.states[before[0]]
    return way[::-1]


def broken(before: State, move: Move, following: State) -> list[str]:
    """Return the promises that a transition breaks."""
    old, new = before.objects, following.objects
    if move.what in {"expire", "crash"}:
        return []
    found = [*_broken_routes(old, new, move.who), *_broken_deployments(old, new, move.who)]
    if old.canary.on and not new.canary.on and (new.anchor.exposed or new.second.exposed):
        found.append(f"{move.who} scaled the canary down under its users")
    return found


def _broken_routes(old: Objects, new: Objects, who: str) -> Iterator[str]:
    for name, was, now in (("anchor", old.anchor, new.anchor), ("second", old.second, new.second)):
        if now.exposed and not was.exposed and (was.token is None or was.token.owner != who):
            yield f"{who} raised the weight of {name}, which carried {was.token}"
        if now.exposed and not was.exposed and not new.canary.on:
            yield f"{who} sent users of {name} to a canary without pods"


def _broken_deployments(old: Objects, new: Objects, who: str) -> Iterator[str]:
    for name, was, now in (("stable", old.stable, new.stable), ("canary", old.canary, new.canary)):
        writes = was.on != now.on and (name == "canary" or now.on)  # stable falls behind when the canary is launched
        if writes and (was.token is None or was.token.owner != who):
            yield f"{who} wrote {name}, which carried {was.token}"
        if was.token != now.token and _is_living(old, was.token, who):
            yield f"{who} took {name} from {was.token}, which lives"


def left_at_the_end(state: State) -> str:
    """Return what is wrong where nobody acts and nobody has a claim, "" for nothing."""
    objects = state.objects
    if any(actor.program for actor in state.actors) or objects.anchor.token is not None:
        return ""
    if objects.anchor.exposed or objects.second.exposed:
        return "users are on the canary, and nobody has a claim"
    return "the canary has pods, and nobody has a claim" if objects.canary.on else ""


def _is_living(objects: Objects, token: Token | None, who: str) -> bool:
    held = objects.anchor.token
    if token is None or held is None or token.owner == who or objects.expired:
        return False
    return (held.owner, held.epoch) == (token.owner, token.epoch)
