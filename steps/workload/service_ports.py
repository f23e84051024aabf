"""The ports of a Service as a route reaches them, and the ports that a pod template's containers declare (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.cluster.api import Object
from steps.model.ports import RoutePorts

ServicePort = Mapping[str, Any]
"""An entry of `spec.ports`."""

_TCP = "TCP"


@dataclass(frozen=True, slots=True)
class ServiceBackend:
    """A Service and the pods that stand behind it.

    Args:
        deployment: name of the Deployment.
        service: the Service object.
        template: the Deployment's pod template, as it is or will be.
    """

    deployment: str
    service: Object
    template: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The Service as messages name it."""
        return service_name(self.service)


def service_name(service: Object) -> str:
    """Return a Service as messages name it."""
    metadata = service["metadata"]
    return f"Service {metadata.get('namespace', '')}/{metadata['name']}"


def tcp_ports(service: Object) -> list[ServicePort]:
    """Return the ports that HTTP requests can use."""
    return [entry for entry in service["spec"].get("ports") or [] if entry.get("protocol", _TCP) == _TCP]


def port_by_number(service: Object, number: int) -> ServicePort | None:
    """Return the port with this number, None if the Service has none."""
    return next((entry for entry in tcp_ports(service) if entry["port"] == number), None)


def target_of_port(port: ServicePort) -> int | str:
    """Return where a port leads: a container port's number, or its name."""
    target: int | str = port.get("targetPort") or port["port"]
    return target


def reachable_ports(number: int | None, asked: Sequence[int], service: Object) -> list[ServicePort]:
    """Return the ports of a Service that a route may reach, as Istio chooses them.

    This is the port that the route names, else the Service's only port, else the request's own port.

    Args:
        number: that the route names, if any.
        asked: ports of the requests that the route takes, () for any.
        service: of the destination.
    """
    entries = tcp_ports(service)
    if number is not None:
        return [entry for entry in entries if entry["port"] == number]
    if len(entries) <= 1 or not asked:
        return entries
    return [entry for entry in entries if entry["port"] in asked]


def needed_ports(routes: Sequence[RoutePorts], service: Object) -> list[list[ServicePort]]:
    """Return for each distinct path to the canary its ports, of which at least one must have endpoints."""
    ways: list[list[ServicePort]] = []
    for route in routes:
        found = reachable_ports(route.canary, route.asked, service)
        each = [[entry] for entry in found] if route.canary is not None or route.asked else [found]
        ways += [way for way in each if way and way not in ways]
    return ways


def container_ports(template: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Yield (name, number, container) of each TCP port of a template's containers and sidecars."""
    spec = template["spec"]
    sidecars = [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or []), *sidecars]:
        for port in container.get("ports") or []:
            if port.get("protocol", _TCP) == _TCP:
                yield str(port.get("name") or ""), int(port["containerPort"]), str(container["name"])


def offered(template: Mapping[str, Any]) -> str:
    """Return the ports that the containers declare, as messages show them."""
    shown = [
        f"{f'{name} ' if name else ''}{number} in container {where}"
        for name, number, where in container_ports(template)
    ]
    return ", ".join(shown) or "no port"


def shown(port: ServicePort) -> str:
    """Return a Service port as messages show it."""
    name = f" ({port['name']})" if port.get("name") else ""
    return f"{port['port']}{name}"
