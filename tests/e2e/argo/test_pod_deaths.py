"""Pods of a step that die, and images that change: Argo runs the step again, and only the judged image is promoted."""

from __future__ import annotations

import pytest

from tests.e2e.argo.waiting_release import meet
from tests.e2e.argo.workflow import Workflow, image, is_at_rest, record
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure
from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = [pytest.mark.e2e, pytest.mark.full]

_EATER = """
import os, time
for _ in range(16):
    if not os.fork():
        eaten = bytearray(os.urandom(1 << 20) * 24)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
"""Sixteen processes of 24 MB each: when memory runs out, the step is the largest process of the container."""


def test_a_step_that_is_killed_for_memory_is_run_again(lab: ClusterLab, users: Load) -> None:
    """By the kernel, mid-rung; the next pod of the step finds the weight and continues to judge."""
    release = _walking(lab, users)
    pod = _running_step(lab)
    # It dies with its container, so its exit code says nothing.
    with pytest.raises(AssertionError):
        kubectl(lab, "exec", pod["metadata"]["name"], "--container", "main", "--", "python3", "-c", _EATER)
    lab.wait_for(lambda: _end_of(lab, pod), 60, "the end of the step's container")
    assert _end_of(lab, pod)["exitCode"] == 137
    assert _end_of(lab, pod)["reason"] == "OOMKilled"
    _is_promoted_all_the_same(lab, users, release)


def test_a_step_that_is_evicted_is_run_again(lab: ClusterLab, users: Load) -> None:
    """As when a node is drained; SIGTERM leaves the traffic as it is."""
    release = _walking(lab, users)
    name = _running_step(lab)["metadata"]["name"]
    path = f"{lab.api.path('v1', 'Pod', lab.namespace)}/{name}/eviction"
    lab.api.call("POST", path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}})
    _is_promoted_all_the_same(lab, users, release)


def test_a_tag_that_moves_during_the_release_is_not_promoted(lab: ClusterLab, users: Load) -> None:
    """Stable pulls another image than the judged one: it gets its own template back, and the record says why."""
    moving = f"demo/{lab.namespace}:v2"
    lab.registry.push(moving, version="v2")
    configure(lab, min_seconds=20)
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[50]", image=moving)
    meet(users, "v2")
    lab.registry.push(moving, version="v2-moved")
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("promote") == 4
    assert release.result("rollback", "outcome") == "rolled-back"
    assert image(lab) == "demo/shop:v1"
    assert is_at_rest(lab)
    assert record(lab)["outcome"] == "rolled-back"
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v1"


def _walking(lab: ClusterLab, users: Load) -> Workflow:
    configure(lab, min_seconds=25)
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[50]")
    meet(users, "v2")
    return release


def _running_step(lab: ClusterLab) -> Json:
    """Return the pod of the step that runs now."""
    pods = lab.api.items("v1", "Pod", lab.namespace, labelSelector="workflows.argoproj.io/completed=false")
    [running] = [pod for pod in pods if pod["status"].get("phase") == "Running"]
    return running


def _end_of(lab: ClusterLab, pod: Json) -> Json:
    """Return how the main container of a pod ended, {} while it runs."""
    found = lab.api.get("v1", "Pod", pod["metadata"]["name"], lab.namespace)
    [main] = [one for one in found["status"]["containerStatuses"] if one["name"] == "main"]
    ended: Json = main["state"].get("terminated", {})
    return ended


def _is_promoted_all_the_same(lab: ClusterLab, users: Load, release: Workflow) -> None:
    assert release.wait_for_end() == "Succeeded"
    assert release.ran == ["prepare", "analyze", "analyze", "promote", "rollback", "report"]
    assert release.result("promote", "outcome") == "promoted"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v2"
