"""What others do while a release runs in the lab: faults of the API server, persons, GitOps, dead processes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.views import OUR_PREFIX
from tests.integration.lab_app import CLAIM, LabApp
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, VIRTUAL_SERVICE, Json
from tests.support.step_run import RunningStep

_OUTAGE_SECONDS = 5.0


@dataclass(frozen=True)
class Hand:
    """Something that others do.

    Args:
        act: does it, to an app and the running release.
        undo: puts right what only a person can, before the way back.
        takes_users: users may fail because of it, until the release has noticed.
    """

    act: Callable[[LabApp, RunningStep], object]
    undo: Callable[[LabApp], object] = lambda _: None
    takes_users: bool = False


def set_weights(app: LabApp, stable: int, canary: int) -> None:
    """Set the weights, as a person does."""

    def change(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][-1]["route"], (stable, canary), strict=True):
            entry["weight"] = weight
        return item

    app.change(VIRTUAL_SERVICE, change)


def expire(app: LabApp) -> None:
    """Let the claim of an app expire now, wherever it is written."""

    def change(item: Json) -> Json:
        marks = dict(item["metadata"].get("annotations") or {})
        key = f"{OUR_PREFIX}run.{app.name}"
        if key in marks:
            marks[key] = _with_past_expiry(marks[key])
        return {**item, "metadata": {**item["metadata"], "annotations": marks}}

    app.change(VIRTUAL_SERVICE, change)


def _with_past_expiry(text: str) -> str:
    state = json.loads(text)
    return json.dumps({**state, "expires": time.time() - 1}, separators=(",", ":"))


def _killed(app: LabApp, running: RunningStep) -> None:
    running.process.kill()


def _terminated(app: LabApp, running: RunningStep) -> None:
    if running.process.poll() is None:
        os.kill(running.process.pid, signal.SIGTERM)


def _refused(app: LabApp, running: RunningStep) -> None:
    app.lab.api.faults.answer(500, when=app.concerns, seconds=_OUTAGE_SECONDS)


def _forbidden(app: LabApp, running: RunningStep) -> None:
    app.lab.api.faults.answer(403, resource="deployments", verb="patch", when=app.concerns, seconds=_OUTAGE_SECONDS)


def _cut(app: LabApp, running: RunningStep) -> None:
    app.lab.api.faults.drop(when=app.concerns, seconds=_OUTAGE_SECONDS)


def _lost(app: LabApp, running: RunningStep) -> None:
    app.lab.api.faults.lose_answer(verb="patch", when=app.concerns, times=2)


def _half_each(app: LabApp, running: RunningStep) -> None:
    if _canary_is_ready(app):
        set_weights(app, 50, 50)


def _all_to_canary(app: LabApp, running: RunningStep) -> None:
    if _canary_is_ready(app):
        set_weights(app, 0, 100)


def _gitops_resets(app: LabApp, running: RunningStep) -> None:
    for _ in range(5):
        set_weights(app, 100, 0)
        time.sleep(1.0)


def _canary_pods_deleted(app: LabApp, running: RunningStep) -> None:
    for pod in app.lab.pods(app.canary):
        app.lab.api.store.delete(POD, app.lab.namespace, pod["metadata"]["name"])


def _canary_deleted(app: LabApp, running: RunningStep) -> None:
    try:
        app.lab.api.store.delete(DEPLOYMENT, app.lab.namespace, app.canary)
    except ApiError:
        return  # it is not there yet


def _taken_by_hand(app: LabApp, running: RunningStep) -> None:
    """Take over as the documentation says: remove the token, then return the users."""

    def change(item: Json) -> Json:
        marks = item["metadata"].get("annotations") or {}
        kept = {key: value for key, value in marks.items() if not key.startswith(CLAIM)}
        return {**item, "metadata": {**item["metadata"], "annotations": kept}}

    app.change(VIRTUAL_SERVICE, change)
    set_weights(app, 100, 0)


def _put_right(app: LabApp) -> None:
    """Scale the canary down and remove what is left, as a person who took over does."""

    def unmarked(item: Json) -> Json:
        metadata = item["metadata"]
        marks = {k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith(OUR_PREFIX)}
        labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != f"{OUR_PREFIX}claimed"}
        return {**item, "metadata": {**metadata, "annotations": marks, "labels": labels}}

    app.change(VIRTUAL_SERVICE, unmarked)
    for name in (app.name, app.canary):
        if app.lab.api.store.find(DEPLOYMENT, app.lab.namespace, name) is not None:
            app.change(DEPLOYMENT, unmarked, name)
    if app.lab.api.store.find(DEPLOYMENT, app.lab.namespace, app.canary) is not None:
        app.change(DEPLOYMENT, lambda item: {**item, "spec": {**item["spec"], "replicas": 0}}, app.canary)


def _testers(app: LabApp, running: RunningStep) -> None:
    """Add a route for testers that leads to the canary alone."""
    to = {"destination": {"host": app.canary, "port": {"number": 80}}}
    route = {"name": "testers", "match": [{"headers": {"x-beta": {"exact": "yes"}}}], "route": [to]}
    app.change(VIRTUAL_SERVICE, lambda item: _with_routes(item, [route, *item["spec"]["http"]]))


def _no_testers(app: LabApp) -> None:
    app.change(
        VIRTUAL_SERVICE,
        lambda item: _with_routes(item, [one for one in item["spec"]["http"] if one.get("name") != "testers"]),
    )


def _with_routes(item: Json, routes: list[Json]) -> Json:
    return {**item, "spec": {**item["spec"], "http": routes}}


def _canary_is_ready(app: LabApp) -> bool:
    found = app.lab.api.store.find(DEPLOYMENT, app.lab.namespace, app.canary)
    return bool(found and found.get("status", {}).get("readyReplicas"))


HANDS: dict[str, Hand] = {
    "nobody": Hand(lambda *_: None),
    "SIGKILL": Hand(_killed),
    "SIGTERM": Hand(_terminated),
    "API answers 500": Hand(_refused),
    "Deployments refused": Hand(_forbidden),
    "API cut off": Hand(_cut),
    "answers lost": Hand(_lost),
    "a person sets 50/50": Hand(_half_each),
    "a person sets 0/100": Hand(_all_to_canary),
    "GitOps resets weights": Hand(_gitops_resets),
    "canary pods deleted": Hand(_canary_pods_deleted, takes_users=True),
    "canary deleted": Hand(_canary_deleted, takes_users=True),
    "taken over by hand": Hand(_taken_by_hand, _put_right),
    "a route for testers": Hand(_testers, _no_testers),
}
