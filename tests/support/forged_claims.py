"""What somebody may write into the annotations of a VirtualService to make us write something for him."""

from __future__ import annotations

import json
from typing import Any

from steps.claim.keys import claim_key, state_key
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.kubernetes_api.kinds import NAMESPACE as NAMESPACE_KIND
from tests.support.manifests import virtual_service
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

EVIL = "evil"
"""The stranger's VirtualService, his app and his namespace."""


def forged_state(namespace: str, deployments: tuple[str, str], **more: Any) -> Json:
    """Return the state of a run that died long ago, and that names any two Deployments."""
    stable, canary = deployments
    workloads = {"namespace": namespace, "stable": stable, "canary": canary, "stable_replicas": 1}
    state = {
        "version": 1,
        "app": EVIL,
        "started": 1.0,
        "expires": 2.0,
        "expiry_seconds": 600.0,
        "targets": {f"{EVIL}/{EVIL}": ["primary"]},
        "stable": {"host": APP},
        "canary": {"host": f"{APP}-canary"},
        "weights": [[1.0, 20]],
    }
    return {**state, **more, "workloads": {**workloads, **more.get("workloads", {})}}


def forge(world: SteppedCluster, state: Json, token: str, hosts: tuple[str, str] = (APP, f"{APP}-canary")) -> None:
    """Create the stranger's VirtualService, with a claim that was never taken."""
    stable, canary = hosts
    made = virtual_service(EVIL, {"host": stable}, {"host": canary})
    app = state["app"]
    marks = {claim_key(app): token, state_key(app): json.dumps(state)}
    made["metadata"] = {
        **made["metadata"],
        "namespace": EVIL,
        "annotations": marks,
        "labels": {"canary-steps.io/claimed": "true"},
    }
    add_namespace(world, EVIL)
    world.store.create(VIRTUAL_SERVICE, EVIL, made)


def add_namespace(world: SteppedCluster, name: str) -> None:
    """Create a namespace, if it does not exist."""
    if world.store.find(NAMESPACE_KIND, "", name) is None:
        world.store.create(NAMESPACE_KIND, "", {"metadata": {"name": name}})


def deploy_elsewhere(world: SteppedCluster, namespace: str, name: str, **marks: str) -> None:
    """Deploy an app of somebody else, with annotations."""
    made = deployment(name, "shop:1")
    made["metadata"] = {"name": name, "namespace": namespace, "annotations": marks}
    add_namespace(world, namespace)
    world.store.create(DEPLOYMENT, namespace, made)
    for _ in range(9):
        world.tick()


def spec_of(world: SteppedCluster, namespace: str = NAMESPACE, name: str = APP) -> Json:
    """Return what a Deployment is asked to be."""
    found: Json = world.store.get(DEPLOYMENT, namespace, name)
    return {"spec": found["spec"], "annotations": found["metadata"].get("annotations") or {}}
