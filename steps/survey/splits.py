"""The HTTP routes of VirtualServices as their destinations with weights, and the pairs they split between (pure)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from steps.cluster.api import Object
from steps.model.run import Destination, ObjectName
from steps.survey.objects import name_of
from steps.traffic.destinations import full_host
from steps.traffic.routes import http_routes, label_of, weight_at

Side = tuple[str, str]
"""A destination by full host and subset."""


@dataclass(frozen=True, slots=True)
class Split:
    """One HTTP route.

    Args:
        virtual_service: the object.
        label: the route's name, or "#<index>".
        sides: (full host, subset) of each destination with its weight (0-100), in order.
    """

    virtual_service: ObjectName
    label: str
    sides: tuple[tuple[Side, int], ...]

    @property
    def pair(self) -> frozenset[Side]:
        """The two destinations it splits between; those at weight 0 beside two others do not count. Empty: no pair."""
        sides = [side for side, _ in self.sides]
        if len(set(sides)) == len(sides) == 2:  # noqa: PLR2004 - a pair
            return frozenset(sides)
        weighted = [side for side, weight in self.sides if weight]
        return frozenset(weighted) if len(set(weighted)) == len(weighted) == 2 else frozenset()  # noqa: PLR2004 - a pair

    @property
    def alone(self) -> Side | None:
        """The destination, where it has exactly one."""
        return self.sides[0][0] if len(self.sides) == 1 else None


def splits_of(virtual_services: Iterable[Object]) -> Iterator[Split]:
    """Return the HTTP routes of VirtualServices that send requests somewhere; redirects and delegates are left out."""
    for obj in virtual_services:
        name = name_of(obj)
        for index, body in enumerate(http_routes(obj)):
            entries = body.get("route") or []
            sides = tuple((side_of(entry, name.namespace), weight_at(entries, at)) for at, entry in enumerate(entries))
            if sides:
                yield Split(name, label_of(index, body), sides)


def side_of(entry: Object, namespace: str) -> Side:
    """Return the side that an entry of `route` leads to, for a VirtualService of `namespace`."""
    body = entry.get("destination") or {}
    return full_host(str(body.get("host") or ""), namespace), str(body.get("subset") or "")


def as_destination(side: Side, namespace: str) -> Destination:
    """Return a side as a VirtualService of `namespace` may name it: short where the host is in that namespace."""
    host, subset = side
    short = host.removesuffix(f".{namespace}.svc.cluster.local")
    return Destination(short if "." not in short else host, subset)
