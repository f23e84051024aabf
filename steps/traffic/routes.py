"""Find the routes of a VirtualService that split between the two arms; read and set their weights. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.cluster import json_patch
from steps.cluster.api import Object, Operation
from steps.traffic.destinations import ArmDestinations, describe

ALL = 100
"""The weights of a route's destinations sum to this."""


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP route with both arms.

    Args:
        index: its place in `spec.http`, from 0.
        name: its name, "" where it has none.
        body: the route as read.
        stable_at: place of stable in its `route` list, the first one. canary_at: likewise of the canary.
        more_canaries: further places of the canary, where somebody split it; () in the routes that a run may shift.
    """

    index: int
    name: str
    body: Mapping[str, Any]
    stable_at: int
    canary_at: int
    more_canaries: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """How messages and the state name it: its name, or "#<index>"."""
        return self.name or f"#{self.index}"

    @property
    def destinations(self) -> Sequence[Mapping[str, Any]]:
        """The `route` list as read."""
        return list(self.body["route"])

    @property
    def stable(self) -> int:
        """Stable's weight, 0-100."""
        return weight_at(self.destinations, self.stable_at)

    @property
    def canary(self) -> int:
        """The canary's weight, 0-100."""
        return sum(weight_at(self.destinations, place) for place in (self.canary_at, *self.more_canaries))

    @property
    def others(self) -> int:
        """The sum of weights that go to neither arm, or to a second entry of stable."""
        together = sum(weight_at(self.destinations, place) for place in range(len(self.destinations)))
        return together - self.stable - self.canary


def weight_at(destinations: Sequence[Mapping[str, Any]], place: int) -> int:
    """Return a destination's weight as Istio means it: an absent one is 100 if it is the only one, else 0."""
    weight = destinations[place].get("weight")
    if weight is None:
        return ALL if len(destinations) == 1 else 0
    return int(weight)


def http_routes(obj: Object) -> list[Mapping[str, Any]]:
    """Return `spec.http` of a VirtualService, [] where it has none."""
    return list((obj.get("spec") or {}).get("http") or [])


def label_of(index: int, body: Mapping[str, Any]) -> str:
    """Return how messages name a route."""
    return str(body.get("name") or f"#{index}")


def with_both_arms(obj: Object, arms: ArmDestinations, *, alone: bool = True) -> list[Route]:
    """Return the routes that have each arm exactly once and, if `alone`, nothing else that gets requests.

    Another destination at weight 0 changes nothing: it is kept as it is. Without `alone`, somebody may have split an
    arm into several entries, too.
    """
    found = []
    for index, body in enumerate(http_routes(obj)):
        entries = body.get("route") or []
        sides = [arms.arm(entry) for entry in entries]
        others = sum(weight_at(entries, place) for place, side in enumerate(sides) if side is None)
        once = sides.count("stable") == 1 and sides.count("canary") == 1
        if (once and not others) if alone else {"stable", "canary"} <= set(sides):
            name = str(body.get("name") or "")
            first, *more = [place for place, side in enumerate(sides) if side == "canary"]
            found.append(Route(index, name, body, sides.index("stable"), first, tuple(more)))
    return found


def locate(obj: Object, labels: Sequence[str], arms: ArmDestinations) -> tuple[list[Route], str]:
    """Find the routes of a run again: others may have been inserted before them.

    A named route is found by its name, the unnamed ones by having exactly the two arms.

    Returns:
        The routes, and one sentence about what is no longer as it was ("" if all are there).
    """
    split = with_both_arms(obj, arms)
    found: list[Route] = []
    for label in labels:
        if label.startswith("#"):
            continue
        same = [route for route in split if route.name == label]
        if len(same) != 1:
            return (
                found,
                f"route {label} with exactly the two arms was found once before, and is found {len(same)} times now",
            )
        found += same
    unnamed = [route for route in split if not route.name]
    wanted = [label for label in labels if label.startswith("#")]
    if wanted and len(unnamed) != len(wanted):
        return found, f"unnamed routes with exactly the two arms: {len(wanted)} before, {len(unnamed)} now"
    return sorted([*found, *(unnamed if wanted else [])], key=lambda route: route.index), ""


def locate_all(obj: Object, labels: Sequence[str], arms: ArmDestinations) -> list[Route]:
    """Find every route that may belong to a run, to return users to stable after foreign edits.

    If one of them was renamed or got a third destination, all routes with both arms count.
    """
    found, trouble = locate(obj, labels, arms)
    return with_both_arms(obj, arms, alone=False) if trouble else found


def weigh(route: Route, canary: int, *, lenient: bool = False) -> list[Operation]:
    """Return the operations that set the canary's weight (0-100) and stable's to the rest; [] if they are set.

    Args:
        route: as read.
        canary: its weight.
        lenient: keep the weight of a third destination; without it there must be none.
    """
    others = route.others if lenient else 0
    stable = max(0, 100 - canary - others)
    if not canary and not stable and not others:
        stable = 100
    if (route.stable, route.canary) == (stable, canary):
        return []
    at = ("spec", "http", route.index)
    tests = [json_patch.expect(route.name, *at, "name")] if route.name else []
    # Two unnamed routes may have equal destinations: what they match tells them apart.
    tests += [json_patch.expect(route.body["match"], *at, "match")] if "match" in route.body else []
    tests += [json_patch.expect(route.body["route"], *at, "route")]
    sides = ((route.stable_at, stable), (route.canary_at, canary), *((place, 0) for place in route.more_canaries))
    return [*tests, *(json_patch.add(weight, *at, "route", place, "weight") for place, weight in sides)]


def stranded(obj: Object, labels: Sequence[str], arms: ArmDestinations) -> list[str]:
    """Return the run's routes that lead to the canary and no longer to stable: weights cannot fix them.

    A route without a name may be one if fewer unnamed ones than before have both arms.
    """
    lost, unnamed = [], sum(label.startswith("#") for label in labels)
    missing = unnamed - sum(not route.name for route in with_both_arms(obj, arms, alone=False))
    for index, body in enumerate(http_routes(obj)):
        sides = {arms.arm(entry) for entry in body.get("route") or []}
        is_ours = body.get("name") in labels or (not body.get("name") and missing > 0)
        if is_ours and "canary" in sides and "stable" not in sides:
            lost.append(label_of(index, body))
    return lost


def outline(obj: Object) -> str:
    """Return the HTTP routes with their destinations and weights in one line."""
    lines = []
    for index, body in enumerate(http_routes(obj)):
        entries = body.get("route") or []
        shown = [f"{describe(entry)} {weight_at(entries, place)}" for place, entry in enumerate(entries)]
        lines.append(f"{label_of(index, body)} → {', '.join(shown) or 'no destination'}")
    return "; ".join(lines) or "no HTTP routes"
