"""Read the ports that a run's routes send requests to. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from steps.cluster.api import Object
from steps.model.ports import RoutePorts
from steps.model.run import RouteTarget
from steps.traffic.destinations import ArmDestinations
from steps.traffic.routes import Route, locate_all


def route_ports(obj: Object, target: RouteTarget, arms: ArmDestinations) -> Iterator[RoutePorts]:
    """Give the ports of each route of a target."""
    for route in locate_all(obj, target.routes, arms):
        where = f"VirtualService {target.virtual_service}, route {route.label}"
        stable, canary = (_port(route.destinations[place]) for place in (route.stable_at, route.canary_at))
        yield RoutePorts(where, stable, canary, _asked(route))


def _port(entry: Mapping[str, Any]) -> int | None:
    number = ((entry.get("destination") or {}).get("port") or {}).get("number")
    return int(number) if number else None


def _asked(route: Route) -> tuple[int, ...]:
    """Return the ports that the matches name; one match without a port takes the requests of all."""
    ports = [match.get("port") for match in route.body.get("match") or []]
    return tuple(sorted({int(port) for port in ports})) if ports and all(ports) else ()
