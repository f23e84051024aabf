"""Which ports of a Service carry HTTP for Istio: only their requests can be split by weights (pure)."""

from steps.cluster.api import Object
from steps.errors import PermanentError
from steps.workload.port_checks import protocol
from steps.workload.service_ports import ServicePort, port_text, service_name, tcp_ports

_HTTP = frozenset({"http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws"})
_NEVER_DETECTED = frozenset({25, 53, 3306, 27017})
"""Ports that Istio takes for TCP unless the Service says otherwise."""


def released_ports(service: Object) -> list[ServicePort]:
    """Return the ports whose requests a new VirtualService splits.

    These are the ports with an HTTP name or appProtocol. Without any, it is the first one whose protocol Istio detects.

    Raises:
        PermanentError: no port can carry HTTP.
    """
    ports = tcp_ports(service)
    found = [port for port in ports if is_http(port)] or [port for port in ports if is_detected(port)][:1]
    if found:
        return found
    shown = ", ".join(f"{port_text(port)}: {protocol(port) or 'TCP'}" for port in ports) or "no TCP port"
    cause = (
        f"none of its ports carries HTTP for Istio ({shown}), and only HTTP requests can be split by weights. If one"
        " does, say so in the Service: name the port `http` or `http-…`, or set its `appProtocol: http`."
    )
    raise PermanentError(f"looking for the HTTP ports of {service_name(service)}", cause)


def is_http(port: ServicePort) -> bool:
    """Return whether Istio takes a port for HTTP by its appProtocol or name."""
    return protocol(port) in _HTTP


def is_detected(port: ServicePort) -> bool:
    """Return whether Istio looks at a port's connections to find out."""
    return not protocol(port) and not port.get("appProtocol") and port["port"] not in _NEVER_DETECTED


def port_warning(service: Object, released: list[ServicePort]) -> str:
    """Return a sentence about ports of which nothing says that they carry HTTP, "" if all do."""
    unsaid = [port_text(port) for port in released if not is_http(port)]
    if not unsaid:
        return ""
    return (
        f"{service_name(service)} does not say that port {', '.join(unsaid)} carries HTTP, so Istio detects it. If it"
        f" does not, weights have no effect; if it does, name the port `http` or `http-…`."
    )
