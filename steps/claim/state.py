"""The state of a run as compact JSON, with a version and without the fields that have their default."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, TypedDict

from steps.claim.looks import look_body, read_look
from steps.model.looks import LastLook
from steps.model.run import Destination, ObjectName, Pin, RouteTarget, RunState, WorkloadState
from steps.model.rungs import RungVerdict

VERSION: Final = 1
"""Raise it when a field changes its meaning or goes away; a new field with a default does not raise it."""


class StateChanges(TypedDict, total=False):
    """The fields of a run's state that may change after it was claimed, see `RunState`."""

    workloads: WorkloadState
    pin: Pin
    weights: tuple[tuple[float, int], ...]
    latency_bounds: tuple[tuple[str, float], ...]
    small_bound: float | None
    by: str
    paused_weight: int
    disruptions: tuple[tuple[float, float, str], ...]
    ladder: tuple[int, ...]
    unjudged: str
    undoes: str
    bake_since: float
    reason: str
    verdicts: tuple[RungVerdict, ...]
    look: LastLook | None


_EMPTY: Final[tuple[object, ...]] = (None, "", (), [], {})


def dump_state(app: str, state: RunState) -> str:
    """Return the state as the annotation holds it, with the full name of the app, which the key may cut."""
    body = {"version": VERSION, "app": app, **state_body(state)}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def state_body(state: RunState) -> dict[str, Any]:
    """Return the state as JSON values, without the fields that are empty."""
    body = {
        "started": state.started,
        "expires": state.expires,
        "expiry_seconds": state.expiry_seconds,
        "by": state.by,
        "targets": {str(target.virtual_service): list(target.routes) for target in state.targets},
        "stable": _filled(asdict(state.stable)),
        "canary": _filled(asdict(state.canary)),
        "weights": [list(entry) for entry in state.weights],
        "workloads": _workloads(state.workloads) if state.workloads else None,
        "pin": asdict(state.pin) if state.pin else None,
        "latency_bounds": [list(entry) for entry in state.latency_bounds],
        "small_bound": state.small_bound,
        "reason": state.reason,
        "asked": state.asked,
        "paused_weight": state.paused_weight or None,
        "disruptions": [list(entry) for entry in state.disruptions],
        "ladder": list(state.ladder),
        "verdicts": [_verdict(entry) for entry in state.verdicts],
        "unjudged": state.unjudged,
        "bake_since": state.bake_since or None,
        "adopted": state.adopted or None,
        "undoes": state.undoes,
        "look": look_body(state.look),
        "rescued": state.rescued,
        "hotfix": state.hotfix,
    }
    return _filled(body)


def load_state(text: str) -> tuple[str, RunState]:
    """Return the app and its state.

    Raises:
        ValueError: not our JSON, or written by a version that this one does not know.
    """
    try:
        body = json.loads(text)
        if body["version"] != VERSION:
            raise ValueError(f"version {body['version']} is not known here, only {VERSION}: use the newer image")
        return str(body["app"]), read_state(body)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not the state of a run ({type(error).__name__}: {error})") from error


def read_state(body: Mapping[str, Any]) -> RunState:
    """Return the state that `state_body` returned; a damaged one raises KeyError, TypeError or another of these."""
    return RunState(
        started=float(body["started"]),
        expires=float(body["expires"]),
        targets=tuple(RouteTarget(_name(name), tuple(routes)) for name, routes in body["targets"].items()),
        stable=Destination(**_known(Destination, body["stable"])),
        canary=Destination(**_known(Destination, body["canary"])),
        weights=tuple((float(at), int(weight)) for at, weight in body.get("weights", ())),
        workloads=_read_workloads(body["workloads"]) if "workloads" in body else None,
        pin=_read_pin(body["pin"]) if "pin" in body else None,
        latency_bounds=tuple((str(label), float(bound)) for label, bound in body.get("latency_bounds", ())),
        small_bound=float(body["small_bound"]) if "small_bound" in body else None,
        reason=str(body.get("reason", "")),
        by=str(body.get("by", "")),
        expiry_seconds=float(body["expiry_seconds"]),
        asked=str(body.get("asked", "")),
        paused_weight=int(body.get("paused_weight", 0)),
        disruptions=tuple((float(at), float(end), str(what)) for at, end, what in body.get("disruptions", ())),
        ladder=tuple(int(weight) for weight in body.get("ladder", ())),
        verdicts=tuple(_read_verdict(*entry) for entry in body.get("verdicts", ())),
        unjudged=str(body.get("unjudged", "")),
        bake_since=float(body.get("bake_since", 0.0)),
        adopted=int(body.get("adopted", 0)),
        undoes=str(body.get("undoes", "")),
        look=read_look(body.get("look")),
        rescued=str(body.get("rescued", "")),
        hotfix=str(body.get("hotfix", "")),
    )


def _workloads(workloads: WorkloadState) -> dict[str, Any]:
    """Return the Deployments without the newer fields that have their default, which an older image does not know."""
    body = asdict(workloads)
    canary = ("canary_replica_set", "canary_template_hash", "canary_replicas")
    newer = ("topology", *canary, "kept", "promoting_since", "promoted_template_hash")
    return {key: value for key, value in body.items() if key not in newer or value}


def _read_workloads(body: Mapping[str, Any]) -> WorkloadState:
    return WorkloadState(**{**_known(WorkloadState, body), "kept": dict(body.get("kept", {}))})


def _read_pin(body: Mapping[str, Any]) -> Pin:
    return Pin(**{**_known(Pin, body), "digests": {str(name): str(one) for name, one in body["digests"].items()}})


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
