"""The state of a run as compact JSON, with a version and without the fields that have their default.

It is read as a stranger's: every field has a type and a range.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final, TypedDict

from pydantic import Field, ValidationError

from steps.claim.fields import (
    Amount,
    Body,
    Entries,
    FewKeys,
    Flag,
    Host,
    NamespaceText,
    ObjectNameText,
    OptionalName,
    Percent,
    Replicas,
    RouteName,
    Seconds,
    Sentence,
    Time,
    Word,
    first_error,
    is_namespace,
    is_object_name,
    named,
)
from steps.claim.looks import look_body, read_look
from steps.claim.strict_json import check_version, read_json, sendable, shown
from steps.claim.trials import Trials, read_trials, trials_body
from steps.model.looks import LastLook
from steps.model.run import Destination, ObjectName, Pin, RouteTarget, RunState, WorkloadState
from steps.model.rungs import RungVerdict
from steps.model.trials import Trial

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
    trials: tuple[Trial, ...]


_EMPTY: Final[tuple[object, ...]] = (None, "", (), [], {})


def dump_state(app: str, state: RunState) -> str:
    """Return the state as the annotation holds it, with the full name of the app, which the key may cut."""
    body = {"version": VERSION, "app": app, **state_body(state)}
    return sendable(json.dumps(body, separators=(",", ":"), ensure_ascii=False))


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
        "trials": trials_body(state.trials),
    }
    return _filled(body)


def load_state(text: str) -> tuple[str, RunState]:
    """Return the app and its state.

    Raises:
        ValueError: not our JSON, or written by a version that this one does not know.
    """
    body = read_json(text)
    check_version(body, VERSION)
    app = body.get("app")
    if not isinstance(app, str) or not is_object_name(app):
        raise ValueError(f"app: is not the name of an app, it is {shown(app)}")
    return app, read_state(body)


def read_state(body: object) -> RunState:
    """Return the state that `state_body` returned.

    Raises:
        ValueError: a field is missing, or has a value that no state has; the sentence names it.
    """
    try:
        kept = _State.model_validate(body)
    except ValidationError as error:
        raise first_error(error) from error
    return RunState(
        **{
            **kept.fields(),
            "targets": tuple(RouteTarget(_name(name), routes) for name, routes in kept.targets.items()),
            "stable": Destination(**kept.stable.fields()),
            "canary": Destination(**kept.canary.fields()),
            "workloads": WorkloadState(**kept.workloads.fields()) if kept.workloads else None,
            "pin": Pin(**kept.pin.fields()) if kept.pin else None,
            "verdicts": tuple(RungVerdict(**one.fields()) for one in kept.verdicts),
            "look": read_look(kept.look),
            "trials": read_trials(kept.trials),
        }
    )


class _Destination(Body):
    host: Host
    subset: Word = ""


class _Workloads(Body):
    namespace: NamespaceText
    stable: ObjectNameText
    canary: ObjectNameText
    stable_replicas: Replicas = 1
    stable_replica_set: OptionalName = ""
    stable_template_hash: Word = ""
    created_canary: Flag = False
    template_by_external: Flag = False
    baseline: OptionalName = ""
    topology: Word = ""
    canary_replica_set: OptionalName = ""
    canary_template_hash: Word = ""
    canary_replicas: Replicas = 0
    kept: Annotated[dict[ObjectNameText, Sentence], FewKeys] = Field(default_factory=dict)
    promoting_since: Time = 0.0
    promoted_template_hash: Word = ""


class _Pin(Body):
    replica_set: OptionalName
    template_hash: Word
    digests: Annotated[dict[Word, Sentence], FewKeys]


class _Verdict(Body):
    weight: Percent
    verdict: Word
    at: Time
    note: Sentence = ""


class _State(Body):
    """The fields of `RunState`, as an annotation may have them."""

    started: Time
    expires: Time
    targets: Annotated[dict[str, Annotated[tuple[RouteName, ...], *Entries]], FewKeys, Field(min_length=1)]
    stable: _Destination
    canary: _Destination
    weights: Annotated[tuple[tuple[Time, Percent], ...], *Entries] = ()
    workloads: _Workloads | None = None
    pin: _Pin | None = None
    latency_bounds: Annotated[tuple[tuple[Word, Amount], ...], *Entries] = ()
    small_bound: Amount | None = None
    reason: Sentence = ""
    by: Sentence = ""
    expiry_seconds: Seconds
    asked: Word = ""
    paused_weight: Percent = 0
    disruptions: Annotated[tuple[tuple[Time, Time, Sentence], ...], *Entries] = ()
    ladder: Annotated[tuple[Percent, ...], *Entries] = ()
    verdicts: Annotated[tuple[Annotated[_Verdict, named("weight", "verdict", "at", "note")], ...], *Entries] = ()
    unjudged: Sentence = ""
    bake_since: Time = 0.0
    adopted: Percent = 0
    undoes: Word = ""
    look: Any = None
    rescued: Word = ""
    hotfix: Sentence = ""
    trials: Trials = ()


def _workloads(workloads: WorkloadState) -> dict[str, Any]:
    """Return the Deployments without the newer fields that have their default, which an older image does not know."""
    body = asdict(workloads)
    canary = ("canary_replica_set", "canary_template_hash", "canary_replicas")
    newer = ("topology", *canary, "kept", "promoting_since", "promoted_template_hash")
    return {key: value for key, value in body.items() if key not in newer or value}


def _verdict(verdict: RungVerdict) -> list[Any]:
    entry = [verdict.weight, verdict.verdict, verdict.at, verdict.note]
    return entry if verdict.note else entry[:-1]


def _name(text: str) -> ObjectName:
    namespace, _, name = text.partition("/")
    if not (is_namespace(namespace) and is_object_name(name)):
        raise ValueError(f"target {shown(text)} is not namespace/name")
    return ObjectName(namespace, name)


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value not in _EMPTY}
