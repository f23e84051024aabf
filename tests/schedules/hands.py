"""Foreign hands: what people and GitOps controllers do to the objects, each in one write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from steps.claim.keys import claim_key, state_key
from steps.claim.state import dump_state
from steps.model.run import CLAIMED_LABEL, Destination, ObjectName, Pin, RouteTarget, RunState, WorkloadState
from tests.schedules.marks import STRANGER, marks
from tests.schedules.topologies import BYSTANDERS, ScheduledCluster
from tests.schedules.virtual_time import BEGIN
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.kubernetes_api.store import Change
from tests.support.shop_release import NAMESPACE, deployment

Hand = Callable[[ScheduledCluster, str, str], None]
"""Gets the cluster, the object's name, and what else the hand needs to know."""


def weigh(world: ScheduledCluster, name: str, weight: str) -> None:
    """Set the canary's weight on every route, with an editor."""
    _change(world, name, lambda item: _weighed(item, int(weight)), "kubectl-edit")


def reset(world: ScheduledCluster, name: str, _: str) -> None:
    """Let a GitOps controller put the weights of Git back."""
    _change(world, name, lambda item: _weighed(item, 0), "argocd-controller")


def take_token(world: ScheduledCluster, name: str, app: str) -> None:
    """Remove an app's token, as a person does to take over."""
    _change(world, name, lambda item: _without(item, "annotations", claim_key(app)), "kubectl-annotate")


def take_marks(world: ScheduledCluster, name: str, _: str) -> None:
    """Remove everything of ours from a VirtualService."""

    def change(item: Json) -> Json:
        item["metadata"].pop("annotations", None)
        return _without(item, "labels", CLAIMED_LABEL)

    _change(world, name, change, "kubectl-edit")


def take_label(world: ScheduledCluster, name: str, _: str) -> None:
    """Remove the label by which sweep finds claims."""
    _change(world, name, lambda item: _without(item, "labels", CLAIMED_LABEL), "kubectl-label")


def annotate(world: ScheduledCluster, name: str, which: str) -> None:
    """Write a hostile claim of an app that does not exist."""
    token, state = HOSTILE[which](name)

    def change(item: Json) -> Json:
        marks = {**(item["metadata"].get("annotations") or {}), claim_key(STRANGER): token, state_key(STRANGER): state}
        labels = {**(item["metadata"].get("labels") or {}), CLAIMED_LABEL: "true"}
        item["metadata"] |= {"annotations": marks, "labels": labels}
        return item

    _change(world, name, change, "kubectl-annotate")


def tamper(world: ScheduledCluster, name: str, app: str) -> None:
    """Let the state of a real claim name a Deployment of somebody else."""

    def change(item: Json) -> Json:
        marks = item["metadata"].get("annotations") or {}
        if state_key(app) in marks:
            body = json.loads(marks[state_key(app)])
            namespace, other = BYSTANDERS[1]
            body["workloads"] = {
                **(body.get("workloads") or {}),
                "namespace": namespace,
                "stable": other,
                "canary": other,
            }
            marks[state_key(app)] = json.dumps(body)
        return item

    _change(world, name, change, "kubectl-annotate")


def forget(world: ScheduledCluster, name: str, _: str) -> None:
    """Remove what `annotate` wrote."""

    def change(item: Json) -> Json:
        item = _without(_without(item, "annotations", claim_key(STRANGER)), "annotations", state_key(STRANGER))
        return item if marks(item) else _without(item, "labels", CLAIMED_LABEL)

    _change(world, name, change, "kubectl-annotate")


def delete(world: ScheduledCluster, name: str, _: str) -> None:
    """Delete a Deployment."""
    if world.store.find(DEPLOYMENT, NAMESPACE, name):
        world.store.delete(DEPLOYMENT, NAMESPACE, name)


def deploy(world: ScheduledCluster, name: str, pods: str) -> None:
    """Create a Deployment again, unless it is there; with one pod if nobody says how many."""
    if not world.store.find(DEPLOYMENT, NAMESPACE, name):
        world.create(DEPLOYMENT, deployment(name, "shop:1", int(pods or 1)))


def unroute(world: ScheduledCluster, name: str, _: str) -> None:
    """Delete a VirtualService."""
    if world.store.find(VIRTUAL_SERVICE, NAMESPACE, name):
        world.store.delete(VIRTUAL_SERVICE, NAMESPACE, name)


def route(world: ScheduledCluster, name: str, _: str) -> None:
    """Create a VirtualService again, unless it is there."""
    if not world.store.find(VIRTUAL_SERVICE, NAMESPACE, name):
        world.create(VIRTUAL_SERVICE, world.manifest(name))


HANDS: Mapping[str, Hand] = {
    "weigh": weigh,
    "reset": reset,
    "take-token": take_token,
    "take-marks": take_marks,
    "take-label": take_label,
    "annotate": annotate,
    "tamper": tamper,
    "forget": forget,
    "delete": delete,
    "deploy": deploy,
    "unroute": unroute,
    "route": route,
}


def _hostile_state(name: str, expires: float = BEGIN - 9.0, victim: tuple[str, str] = BYSTANDERS[1]) -> str:
    namespace, deployed = victim
    return dump_state(
        STRANGER,
        RunState(
            started=BEGIN - 999.0,
            expires=expires,
            targets=(RouteTarget(ObjectName(NAMESPACE, name), ("primary",)),),
            stable=Destination("shop"),
            canary=Destination("shop-canary"),
            weights=((BEGIN - 99.0, 60),),
            workloads=WorkloadState(namespace, deployed, deployed, stable_template_hash="0", stable_replica_set="shop"),
            pin=Pin("shop", "1", {"app": "sha256:1"}),
        ),
    )


HOSTILE: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "kube-system": lambda name: ("evil:1:walking", _hostile_state(name)),
    "neighbour": lambda name: ("evil:1:promoting", _hostile_state(name, victim=BYSTANDERS[0])),
    "own-canary": lambda name: ("evil:9:walking", _hostile_state(name, victim=(NAMESPACE, "shop-canary"))),
    "own-stable": lambda name: ("evil:9:walking", _hostile_state(name, victim=(NAMESPACE, "shop"))),
    "deep": lambda name: ("evil:1:walking", "[" * 20_000),
    "infinite": lambda name: ("evil:1:walking", _hostile_state(name).replace(f"{BEGIN - 9.0}", "Infinity")),
    "immortal": lambda name: ("evil:1:walking", _hostile_state(name, BEGIN + 9e9)),
    "token": lambda name: ("evil:" + "9" * 5000 + ":walking", _hostile_state(name)),
}
"""Token and state that a stranger writes on a VirtualService of this name."""


def _change(world: ScheduledCluster, name: str, change: Change, manager: str) -> None:
    if world.store.find(VIRTUAL_SERVICE, NAMESPACE, name):
        world.store.change(VIRTUAL_SERVICE, NAMESPACE, name, change, manager=manager)


def _weighed(item: Json, weight: int) -> Json:
    for one in item["spec"]["http"]:
        for entry, part in zip(one["route"], (100 - weight, weight), strict=True):
            entry["weight"] = part
    return item


def _without(item: Json, part: str, key: str) -> Json:
    if key in (item["metadata"].get(part) or {}):
        del item["metadata"][part][key]
    return item
