"""spec.service as init needs it: the Services, the route and the traffic policy of an app."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from steps.flagger.account import Fate, Line, shown
from steps.flagger.durations import seconds_of

Json = Mapping[str, Any]

_ROUTE: Final = ("match", "timeout", "retries", "headers", "corsPolicy")


@dataclass(frozen=True, slots=True)
class Marks:
    """Labels and annotations of a Service."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """How an app is reached, as a manifest declares it.

    Args:
        name: of the app's Service and VirtualService. port: of the Services, with the container's `target_port`.
        port_name: of the port. more: further fields of the port and of the Services' specs.
        is_headless: whether the app's own Service has no address.
        with_all_ports: whether the containers' other ports are in the Services, too.
        hosts: of the VirtualService. gateways: of it. is_delegate: whether it has neither.
        route: fields of its HTTP route, without destinations.
        traffic_policy: of both arms' hosts, {} for none.
        apex: marks of the app's Service and VirtualService. primary: of stable's. canary: of the canary's.
    """

    name: str
    port: int
    port_name: str
    target_port: int | str
    more: Mapping[str, str] = field(default_factory=dict)
    is_headless: bool = False
    with_all_ports: bool = False
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    is_delegate: bool = False
    route: Mapping[str, Any] = field(default_factory=dict)
    traffic_policy: Mapping[str, Any] = field(default_factory=dict)
    apex: Marks = Marks()
    primary: Marks = Marks()
    canary: Marks = Marks()


def service_of(spec: Json, target: str) -> DeclaredService:
    """Return the service of a manifest whose types were checked."""
    given = spec.get("service") or {}
    port = int(given.get("port") or 0)
    rewrite = {key: one for key, one in (given.get("rewrite") or {}).items() if key != "type" and one is not None}
    route = {key: given[key] for key in _ROUTE if given.get(key)}
    return DeclaredService(
        name=str(given.get("name") or target),
        port=port,
        port_name=str(given.get("portName") or "http"),
        target_port=given.get("targetPort") or port,
        more={key: str(given[key]) for key in ("appProtocol", "trafficDistribution") if given.get(key)},
        is_headless=bool(given.get("headless")),
        with_all_ports=bool(given.get("portDiscovery")),
        hosts=tuple(given.get("hosts") or ()),
        gateways=tuple(given.get("gateways") or ()),
        is_delegate=bool(given.get("delegation")),
        route={**route, **({"rewrite": rewrite} if rewrite else {})},
        traffic_policy=given.get("trafficPolicy") or {},
        **{arm: _marks(given.get(arm)) for arm in ("apex", "primary", "canary")},
    )


def service_lines(spec: Json) -> list[Line]:
    """Return lines about values of spec.service that Istio or this product cannot carry out."""
    given, at = spec.get("service") or {}, "spec.service"
    found = []
    port = given.get("port")
    if port is not None and not 1 <= port <= 65535:  # noqa: PLR2004 - ports
        found.append(Line(f"{at}.port", shown(port), Fate.REFUSED, "must be from 1 to 65535"))
    if str(given.get("appProtocol") or "").lower() in {"tcp", "tls", "https"}:
        text = "weights are set on HTTP routes, and requests of other protocols cannot be counted"
        found.append(Line(f"{at}.appProtocol", shown(given["appProtocol"]), Fate.REFUSED, text))
    if given.get("delegation") and (given.get("hosts") or given.get("gateways")):
        text = "a VirtualService that others delegate to has neither hosts nor gateways: remove them, or delegation"
        found.append(Line(f"{at}.delegation", "true", Fate.REFUSED, text))
    if given.get("timeout") is not None and seconds_of(str(given["timeout"])) is None:
        text = "must be a duration such as 15s"
        found.append(Line(f"{at}.timeout", shown(given["timeout"]), Fate.REFUSED, text))
    return found


def _marks(given: object) -> Marks:
    entry: Json = given if isinstance(given, Mapping) else {}
    return Marks(entry.get("labels") or {}, entry.get("annotations") or {})
