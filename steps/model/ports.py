"""Which ports the routes of a run send requests to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutePorts:
    """The ports of one route.

    Args:
        where: the route as messages name it, "VirtualService shop/shop, route primary".
        stable: `destination.port.number` of stable's destination, None where it names no port.
        canary: the same for the canary's destination.
        asked: ports that the route's matches name, in order; () where they match requests to any port.
    """

    where: str
    stable: int | None
    canary: int | None
    asked: tuple[int, ...] = ()
