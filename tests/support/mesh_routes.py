"""Where requests go by Istio's rules, for the part that init's promises are about: hosts, ports, matches, weights."""

from __future__ import annotations

from typing import Any

from steps.model.run import Destination
from steps.survey.behind import behind
from steps.survey.objects import Survey, name_of
from steps.survey.splits import side_of
from steps.traffic.destinations import full_host
from steps.traffic.routes import http_routes, weight_at

Json = dict[str, Any]
Way = tuple[tuple[str, ...], int]
"""Deployments whose pods get a request, and the port of the Service that it reaches."""


def users_pods(survey: Survey, namespace: str, body: Json) -> tuple[str, ...]:
    """Return the Deployments behind a route's heaviest destination, () where it has none."""
    entries = body.get("route") or []
    if not entries:
        return ()
    place = max(range(len(entries)), key=lambda one: weight_at(entries, one))
    return behind(survey, Destination(*side_of(entries[place], namespace)), survey.namespace).deployments


def weights(body: Json) -> set[int]:
    """Return the weights of a route."""
    entries = body.get("route") or []
    return {weight_at(entries, place) for place in range(len(entries))}


def way(survey: Survey, host: str, port: int, gateway: str = "mesh") -> Way | None:
    """Return where a plain request for a host and a listener's port goes; None if a gateway has no route for it.

    In the mesh, a port without a route keeps its Service: Istio makes the default route for it.
    """
    for obj in survey.virtual_services:
        namespace, spec = name_of(obj).namespace, obj["spec"]
        serves = full_host(host, survey.namespace) in {full_host(one, namespace) for one in spec.get("hosts") or []}
        if not serves or gateway not in spec.get("gateways", ["mesh"]):
            continue
        for body in http_routes(obj):
            if body.get("route") and any(_takes(one, port, gateway) for one in body.get("match") or [{}]):
                entries = body["route"]
                entry = max(entries, key=lambda one: weight_at(entries, entries.index(one)))
                return users_pods(survey, namespace, dict(body)), _port(survey, entry, port)
        return None if gateway != "mesh" else _default(survey, host, port)
    return _default(survey, host, port)


def _takes(match: Json, port: int, gateway: str) -> bool:
    if set(match) - {"port", "gateways"}:
        return False  # a plain request has no header, no cookie, and another path
    return match.get("port", port) == port and gateway in match.get("gateways", [gateway])


def _port(survey: Survey, entry: Json, listener: int) -> int:
    destination = entry["destination"]
    service = survey.service(destination["host"].partition(".")[0]) or {"spec": {"ports": []}}
    only = [one["port"] for one in service["spec"]["ports"]]
    return int((destination.get("port") or {}).get("number") or (only[0] if len(only) == 1 else listener))


def _default(survey: Survey, host: str, port: int) -> Way:
    return behind(survey, Destination(full_host(host, survey.namespace)), survey.namespace).deployments, port
