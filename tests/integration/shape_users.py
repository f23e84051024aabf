"""Users of a shape: one kind for each host and route of its VirtualServices, each sending what the route matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_SAMPLES = {"^(.*; )?group=beta(;.*)?$": "group=beta"}
"""Regular expressions of the shapes, with a text that each of them matches."""


@dataclass(frozen=True)
class UserKind:
    """Users who ask alike.

    Args:
        virtual_service: `namespace/name` of the VirtualService that routes them.
        route: index of their HTTP route there.
        host: that they ask for.
        path: that they ask for.
        headers: that they send.
    """

    virtual_service: str
    route: int
    host: str
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict, hash=False)


def user_kinds(virtual_services: list[Json]) -> list[UserKind]:
    """Return the users of all routes that the lab's gateway or its mesh serves."""
    by_name = {name_of(one): one for one in virtual_services}
    return [
        kind for one in virtual_services for host in one["spec"].get("hosts") or [] for kind in _of(one, host, by_name)
    ]


def name_of(obj: Json) -> str:
    """Return `namespace/name`."""
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


def _of(obj: Json, host: str, by_name: dict[str, Json]) -> Iterator[UserKind]:
    namespace = obj["metadata"]["namespace"]
    full = host if "." in host else f"{host}.{namespace}.svc.cluster.local"
    for index, rule in enumerate(obj["spec"].get("http") or []):
        for match in rule.get("match") or [{}]:
            path, headers = _sample(match)
            if "delegate" not in rule:
                yield UserKind(name_of(obj), index, full, path, headers)
                continue
            to = rule["delegate"]
            delegate = by_name[f"{to.get('namespace', namespace)}/{to['name']}"]
            for place, inner in enumerate(delegate["spec"]["http"]):
                more_path, more = _sample((inner.get("match") or [{}])[0])
                path = more_path if more_path != "/" else path
                yield UserKind(name_of(delegate), place, full, path, {**headers, **more})


def _sample(match: Json) -> tuple[str, dict[str, str]]:
    uri: Json = match.get("uri") or {"prefix": "/"}
    [(_, path)] = uri.items()
    headers = {name: _text(how) for name, how in (match.get("headers") or {}).items()}
    return path, headers


def _text(how: Json) -> str:
    [(kind, value)] = (how or {"exact": "any"}).items()
    return _SAMPLES[value] if kind == "regex" else str(value)
