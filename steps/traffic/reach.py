"""Which namespaces the routes of a VirtualService lead to, as the live object says. Pure."""

from steps.claim.annotations import annotations_of
from steps.claim.keys import claim_key
from steps.claim.observed import name_of
from steps.claim.token import parse_token
from steps.cluster.api import Object
from steps.model.run import Claim
from steps.traffic.destinations import host_namespace
from steps.traffic.routes import http_routes


def carries(obj: Object, claim: Claim) -> bool:
    """Return whether a VirtualService carries the token of a claim, in any phase."""
    try:
        return parse_token(annotations_of(obj).get(claim_key(claim.app), "")).is_of(claim)
    except ValueError:
        return False


def reached_namespaces(obj: Object) -> frozenset[str]:
    """Return the VirtualService's own namespace, and those of the Services behind its routes."""
    own = name_of(obj).namespace
    entries = [entry for route in http_routes(obj) for entry in route.get("route") or []]
    hosts = [str((entry.get("destination") or {}).get("host") or "") for entry in entries]
    return frozenset({own, *(_namespace(host, own) for host in hosts)})


def _namespace(host: str, own: str) -> str:
    """Return the namespace of the Service behind a host, in whatever domain the cluster has."""
    parts = host.lower().split(".")
    is_service = len(parts) == _NAMED or (len(parts) > _NAMED and parts[_NAMED] == "svc")
    return parts[1] if is_service else host_namespace(host, own)


_NAMED = 2
"""Parts of a host that has its namespace and no domain."""
