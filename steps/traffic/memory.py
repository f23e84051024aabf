"""The memory of a run as compact JSON, with a version and without the fields that have their default."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from steps.model.run import Destination, Memory, ObjectName, Pin, RouteTarget, WorkloadMemory
from steps.model.rungs import RungVerdict

VERSION: Final = 1
"""Rises when a field changes its meaning or goes away; new fields with a default do not raise it."""

_EMPTY: Final[tuple[object, ...]] = (None, "", (), [], {})


def dump(app: str, memory: Memory) -> str:
    """Return the memory as it stands in the annotation; the app is written out, as a long one is cut in the key."""
    body = {
        "version": VERSION,
        "app": app,
        "started": memory.started,
        "expires": memory.expires,
        "expiry_seconds": memory.expiry_seconds,
        "by": memory.by,
        "targets": {str(target.virtual_service): list(target.routes) for target in memory.targets},
        "stable": _filled(asdict(memory.stable)),
        "canary": _filled(asdict(memory.canary)),
        "weights": [list(entry) for entry in memory.weights],
        "workloads": asdict(memory.workloads) if memory.workloads else None,
        "pin": asdict(memory.pin) if memory.pin else None,
        "latency_bounds": [list(entry) for entry in memory.latency_bounds],
        "small_bound": memory.small_bound,
        "reason": memory.reason,
        "asked": memory.asked,
        "paused_weight": memory.paused_weight or None,
        "disruptions": [list(entry) for entry in memory.disruptions],
        "ladder": list(memory.ladder),
        "verdicts": [_verdict(entry) for entry in memory.verdicts],
        "unjudged": memory.unjudged,
    }
    return json.dumps(_filled(body), separators=(",", ":"), ensure_ascii=False)


def load(text: str) -> tuple[str, Memory]:
    """Return the app and its memory.

    Raises:
        ValueError: not our JSON, or written by a version that this one does not know.
    """
    try:
        body = json.loads(text)
        if body["version"] != VERSION:
            raise ValueError(f"version {body['version']} is not known here, only {VERSION}: use the newer image")
        return str(body["app"]), _memory(body)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a memory of a run ({type(error).__name__}: {error})") from error


def _memory(body: Mapping[str, Any]) -> Memory:
    return Memory(
        started=float(body["started"]),
        expires=float(body["expires"]),
        targets=tuple(RouteTarget(_name(name), tuple(routes)) for name, routes in body["targets"].items()),
        stable=Destination(**_known(Destination, body["stable"])),
        canary=Destination(**_known(Destination, body["canary"])),
        weights=tuple((float(at), int(weight)) for at, weight in body.get("weights", ())),
        workloads=WorkloadMemory(**_known(WorkloadMemory, body["workloads"])) if "workloads" in body else None,
        pin=Pin(**_known(Pin, body["pin"])) if "pin" in body else None,
        latency_bounds=tuple((str(label), float(bound)) for label, bound in body.get("latency_bounds", ())),
        small_bound=float(body["small_bound"]) if "small_bound" in body else None,
        reason=body.get("reason", ""),
        by=body.get("by", ""),
        expiry_seconds=float(body["expiry_seconds"]),
        asked=str(body.get("asked", "")),
        paused_weight=int(body.get("paused_weight", 0)),
        disruptions=tuple((float(at), float(end), str(what)) for at, end, what in body.get("disruptions", ())),
        ladder=tuple(int(weight) for weight in body.get("ladder", ())),
        verdicts=tuple(_read_verdict(*entry) for entry in body.get("verdicts", ())),
        unjudged=str(body.get("unjudged", "")),
    )


def _verdict(verdict: RungVerdict) -> list[Any]:
    entry = [verdict.weight, verdict.verdict, verdict.at, verdict.note]
    return entry if verdict.note else entry[:-1]


def _read_verdict(weight: Any, verdict: Any, at: Any, note: Any = "", *_: Any) -> RungVerdict:  # noqa: ANN401 - JSON
    return RungVerdict(int(weight), str(verdict), float(at), str(note))


def _known(kind: type, body: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {key: value for key, value in body.items() if key in names}


def _name(text: str) -> ObjectName:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise ValueError(f"target {text!r} is not namespace/name")
    return ObjectName(namespace, name)


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value not in _EMPTY}
