"""Compare the routes' ports with the Services', and those with the containers', before anything changes (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from steps.cluster.api import Object
from steps.errors import PermanentError
from steps.model.ports import RoutePorts
from steps.workload.service_ports import (
    ServiceBackend,
    ServicePort,
    container_ports,
    port_by_number,
    port_text,
    ports_text,
    reachable_ports,
    service_name,
    target_of_port,
    tcp_ports,
)

_HTTP1: Final = frozenset({"http", "grpc-web", "kubernetes.io/ws"})
_HTTP2: Final = frozenset({"http2", "grpc", "kubernetes.io/h2c"})
_OPAQUE: Final = frozenset({"tcp", "tls", "https", "mongo", "mysql", "redis", "udp", "kubernetes.io/wss"})


def check_kind(service: Object) -> None:
    """Refuse a Service that points outside the cluster.

    Raises:
        PermanentError: it is of type ExternalName.
    """
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        raise PermanentError(
            f"checking {service_name(service)}",
            f"it is of type ExternalName and points to {spec.get('externalName')}: it has no pods, so it cannot be an "
            "arm. Name a destination whose Service selects the arm's pods.",
        )


def check_ports(
    routes: Sequence[RoutePorts], stable: ServiceBackend, canary: ServiceBackend, more: Sequence[ServiceBackend] = ()
) -> list[str]:
    """Follow every route to a port of a container, in both arms.

    Args:
        routes: of the run.
        stable: the serving side.
        canary: the side under test, with its template as it will be.
        more: further pods behind the canary's Service (its baseline).

    Returns:
        A sentence for each doubtful port that may still work.

    Raises:
        PermanentError: some requests would reach no container; names each such path and its remedy.
    """
    problems, warnings = _unique(_missing(routes, stable, canary)), _unique(_unequal(routes, stable, canary))
    pairs = [*_pairs(routes, stable, canary)]
    for mine, other in pairs if not problems else ():
        ends = [(stable, mine), (canary, other), *((side, other) for side in more)]
        problems += [sentence for side, port in ends for sentence in _unnamed(side, port)]
        problems += _protocols(stable, mine, canary, other)
    if problems:
        doing = f"comparing the ports of the routes with {stable.name} and {canary.name}"
        raise PermanentError(doing, " ".join(_unique(problems)))
    return _unique([*warnings, *(one for pair in pairs for one in _undeclared(stable, pair[0], canary, pair[1]))])


def _pairs(
    routes: Iterable[RoutePorts], stable: ServiceBackend, canary: ServiceBackend
) -> Iterator[tuple[ServicePort, ServicePort]]:
    """Yield each port of stable's Service with the port that the same request would reach on the canary's."""
    for route in routes:
        others = reachable_ports(route.canary, route.asked, canary.service)
        for mine in _served(route, stable):
            same = next((other for other in others if other["port"] == mine["port"]), None)
            if same is not None or len(others) == 1:
                yield mine, same or others[0]


def _served(route: RoutePorts, stable: ServiceBackend) -> list[ServicePort]:
    """Return stable's ports that the route serves.

    If neither route nor match names one of several ports, these are the ports that serve HTTP now: a port that no
    container has, or that the proxies treat as TCP, receives no requests of an HTTP route.
    """
    found = reachable_ports(route.stable, route.asked, stable.service)
    if route.stable is not None or route.asked or len(found) == 1:
        return found
    return [one for one in found if _family(protocol(one)) != "opaque" and not [*_unnamed(stable, one)]]


def _missing(routes: Iterable[RoutePorts], stable: ServiceBackend, canary: ServiceBackend) -> Iterator[str]:
    """Yield a sentence for each port that a route reaches, or may reach, but the Service lacks."""
    for route in routes:
        for side, number in ((stable, route.stable), (canary, route.canary)):
            if not tcp_ports(side.service):
                yield f"{side.name} has no TCP port: add the port of the app to spec.ports."
            elif number is not None and port_by_number(side.service, number) is None:
                yield (
                    f"{route.where} sends requests to port {number} of {side.name}, which has {_list(side)}: they "
                    "would get 503. Correct destination.port.number, or add the port to the Service."
                )
        if route.canary is None and len(tcp_ports(canary.service)) > 1:
            wanted = route.asked or tuple(int(one["port"]) for one in _served(route, stable))
            for number in wanted:
                if port_by_number(canary.service, number) is None:
                    yield (
                        f"{route.where} names no port, so a request keeps its own: {stable.name} has port {number}, "
                        f"but {canary.name} does not ({_list(canary)}), so the request would get 503. Add the port to "
                        "the Service, or name one in destination.port.number."
                    )


def _unequal(routes: Iterable[RoutePorts], stable: ServiceBackend, canary: ServiceBackend) -> Iterator[str]:
    """Yield a sentence if stable serves several ports and the canary's only port takes all their requests."""
    for route in routes:
        several = _served(route, stable)
        only = tcp_ports(canary.service)
        if route.canary is None and len(several) > 1 and len(only) == 1:
            ports = ", ".join(port_text(one) for one in several)
            yield (
                f"{route.where} names no port: {stable.name} serves ports {ports}, and on the canary all their "
                f"requests go to port {port_text(only[0])}, the only one of {canary.name}. Name a port in "
                "destination.port.number, or give both Services the same ports."
            )


def _unnamed(side: ServiceBackend, port: ServicePort) -> Iterator[str]:
    target = target_of_port(port)
    if isinstance(target, str) and target not in {name for name, _, _ in container_ports(side.template)}:
        yield (
            f"Port {port_text(port)} of {side.name} has targetPort {target}, but no container of Deployment "
            f"{side.deployment} has a port so named; they have {ports_text(side.template)}. Its requests would get "
            "503. Correct the Service's targetPort, or rename the container's port."
        )


def _undeclared(stable: ServiceBackend, mine: ServicePort, canary: ServiceBackend, other: ServicePort) -> Iterator[str]:
    """Yield a warning for a number that no container of the canary declares, if stable's containers declare theirs."""
    numbers = {number for _, number, _ in container_ports(canary.template)}
    target = target_of_port(other)
    if isinstance(target, str) or target in numbers or not numbers or not _is_declared(stable, mine):
        return
    yield (
        f"Port {port_text(other)} of {canary.name} leads to port {target} of the pods, which no container of "
        f"Deployment {canary.deployment} declares; they have {ports_text(canary.template)}. "
        f"Port {port_text(mine)} of {stable.name} leads to {target_of_port(mine)}. If nothing listens there, requests "
        "to the canary get 503."
    )


def _is_declared(side: ServiceBackend, port: ServicePort) -> bool:
    target = target_of_port(port)
    return any(target in {name, number} for name, number, _ in container_ports(side.template))


def _protocols(stable: ServiceBackend, mine: ServicePort, canary: ServiceBackend, other: ServicePort) -> Iterator[str]:
    one, two = protocol(mine), protocol(other)
    kinds = {_family(one), _family(two)}
    if kinds in ({"HTTP/1", "HTTP/2"}, {"HTTP/1", "opaque"}, {"HTTP/2", "opaque"}):
        yield (
            f"Port {port_text(mine)} of {stable.name} is {one} and port {port_text(other)} of {canary.name} is {two} "
            "(appProtocol, or the prefix of its name): the proxies would treat the arms differently. Use one for "
            "both."
        )


def protocol(port: ServicePort) -> str:
    """Return the protocol that Istio assumes: appProtocol, else the prefix of the port's name, else "" (detected)."""
    explicit = str(port.get("appProtocol") or "").lower()
    if explicit:
        return explicit
    name = str(port.get("name") or "").lower()
    known = _HTTP1 | _HTTP2 | _OPAQUE
    if name in known or name.startswith("grpc-web"):
        return "grpc-web" if name.startswith("grpc-web") else name
    prefix = name.partition("-")[0]
    return prefix if prefix in known else ""


def _family(name: str) -> str:
    for family, names in (("HTTP/1", _HTTP1), ("HTTP/2", _HTTP2), ("opaque", _OPAQUE)):
        if name in names:
            return family
    return ""


def _list(side: ServiceBackend) -> str:
    return ", ".join(port_text(port) for port in tcp_ports(side.service))


def _unique(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))
