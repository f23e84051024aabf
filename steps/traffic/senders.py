"""Routes of any VirtualService that send requests somewhere: the released ones and all others."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from steps.claim.observed import name_of
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import Forbidden
from steps.model.run import ObjectName
from steps.traffic.destinations import full_host
from steps.traffic.routes import label_of, weight_at

Side = tuple[str, str]
"""A destination by full host and subset."""

EVERYWHERE: Final = "all namespaces"


@dataclass(frozen=True, slots=True)
class Sender:
    """One destination of a route that gets requests.

    Args:
        virtual_service: where the route is.
        route: as messages name it: "route primary", "tcp route #0", "the mirror of route primary".
        side: where the requests go.
        weight: 1-100.
        is_mirror: whether it gets copies, whose answers nobody sees.
    """

    virtual_service: ObjectName
    route: str
    side: Side
    weight: int
    is_mirror: bool = False

    def __str__(self) -> str:
        return f"{self.route} of VirtualService {self.virtual_service}"


def senders_of(obj: Object) -> Iterator[Sender]:
    """Yield every destination of a VirtualService that gets requests, mirrored ones included; delegates are objects."""
    name, spec = name_of(obj), obj.get("spec") or {}
    for kind in ("http", "tcp", "tls"):
        for index, body in enumerate(spec.get(kind) or []):
            label = f"route {label_of(index, body)}" if kind == "http" else f"{kind} route #{index}"
            entries = body.get("route") or []
            for place, entry in enumerate(entries):
                if weight := weight_at(entries, place):
                    yield Sender(name, label, _side(entry.get("destination"), name), weight)
            for destination, share in _mirrors(body):
                if share:
                    yield Sender(name, f"the mirror of {label}", _side(destination, name), share, is_mirror=True)


def virtual_services_in_reach(
    cluster: Cluster, own: Iterable[ObjectName], namespaces: Iterable[str]
) -> tuple[list[Object], list[str]]:
    """Return the VirtualServices that this account may read now, and the scopes that it may not list.

    Args:
        cluster: the API server.
        own: VirtualServices of the run, which are read one by one where they may not be listed.
        namespaces: where to look, if this account may not list all namespaces.

    Raises:
        TemporaryError: the API server is in trouble.
    """
    listed, unseen = _listed(cluster, None), [EVERYWHERE]
    if listed is not None:
        unseen = []
    else:
        listed = []
        for namespace in sorted(set(namespaces)):
            some = _listed(cluster, namespace)
            listed += some or []
            unseen += [namespace] if some is None else []
    found = {name_of(obj): obj for obj in listed}
    missing = [name for name in own if name not in found]
    read = [cluster.find(VIRTUAL_SERVICE, name.namespace, name.name) for name in missing]
    return [*found.values(), *(obj for obj in read if obj is not None)], unseen


def _listed(cluster: Cluster, namespace: str | None) -> list[Object] | None:
    try:
        return cluster.list(VIRTUAL_SERVICE, namespace)
    except Forbidden:
        return None


def _mirrors(body: Mapping[str, Any]) -> Iterator[tuple[Any, int]]:
    """Yield the destinations that get copies of a route's requests, with their share, at least 1 percent or 0."""
    for one in body.get("mirrors") or []:
        yield one.get("destination"), _percent(one.get("percentage"))
    if body.get("mirror"):
        old = body.get("mirrorPercent", body.get("mirror_percent"))
        yield body["mirror"], _percent({"value": old} if old is not None else body.get("mirrorPercentage"))


def _percent(given: Mapping[str, Any] | None) -> int:
    """Return a share of Istio's as whole percent, rounded up; without one, all requests are mirrored."""
    value = float((given or {}).get("value", 0.0)) if given is not None else 100.0
    return min(100, -int(-value // 1)) if value > 0 else 0


def _side(destination: Mapping[str, Any] | None, name: ObjectName) -> Side:
    body = destination or {}
    return full_host(str(body.get("host") or ""), name.namespace), str(body.get("subset") or "")
