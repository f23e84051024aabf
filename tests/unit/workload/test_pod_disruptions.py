"""A pod's fate, from its own object as Kubernetes writes it: caused by the cluster, or by the version."""

from __future__ import annotations

import pytest

from steps.workload.pod_disruptions import has_failed, pod_deletion, pod_disruption
from tests.support.kubernetes_api.kinds import Json

BORN, LATER = "2026-05-01T10:00:00Z", "2026-05-01T10:30:00Z"
LOW = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. Container app was using 1Gi,"
KILLED = {"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": LATER}}


def pod(status: Json | None = None, *, container: Json | None = None, ready: str = "True", **metadata: object) -> Json:
    """Return a pod that was ready ten seconds after its creation, with these changes."""
    turned = "2026-05-01T10:00:10Z" if ready == "True" else LATER
    main = {"name": "app", "ready": ready == "True", "restartCount": 0, "state": {"running": {}}, **(container or {})}
    conditions = [
        {"type": "Ready", "status": ready, "lastTransitionTime": turned},
        {"type": "ContainersReady", "status": "True" if main["ready"] else "False", "lastTransitionTime": turned},
        *(status or {}).pop("conditions", []),
    ]
    made = {"phase": "Running", "startTime": BORN, "containerStatuses": [main], **(status or {})}
    return {
        "metadata": {"name": "shop-canary-1", "creationTimestamp": BORN, **metadata},
        "spec": {},
        "status": {**made, "conditions": conditions},
    }


def target(reason: str, message: str = "", status: str = "True") -> Json:
    """Return a status with the condition DisruptionTarget."""
    condition = {"type": "DisruptionTarget", "status": status, "reason": reason, "message": message}
    return {"conditions": [{**condition, "lastTransitionTime": LATER}]}


def failed(reason: str, message: str = "", **more: object) -> Json:
    """Return a pod in phase Failed, as a kubelet leaves it."""
    return pod(
        {"phase": "Failed", "reason": reason, "message": message, **more}, container={"state": KILLED}, ready="False"
    )


TAKEN = {
    "eviction API": (
        pod(target("EvictionByEvictionAPI", "Eviction API: evicting")),
        "was evicted, for example by a drain",
    ),
    "preemption": (pod(target("PreemptionByScheduler")), "was preempted by a pod of higher priority"),
    "taint": (pod(target("DeletionByTaintManager")), "has a taint"),
    "node gone": (pod(target("DeletionByPodGC", "PodGC: node no longer exists")), "its node is gone"),
    "kubelet": (pod(target("TerminationByKubelet", LOW)), "was ended by its kubelet"),
    "a reason of tomorrow": (pod(target("DeletionByTheMoon")), "was taken away by the cluster (DeletionByTheMoon)"),
    "memory pressure": (failed("Evicted", LOW), "was evicted by its kubelet (Evicted: The node was low on resource"),
    "disk pressure": (failed("Evicted", "The node had condition: [DiskPressure]. "), "[DiskPressure])"),
    "shutdown": (failed("Terminated", "Pod was terminated in response to imminent node shutdown."), "shutdown of its"),
    "shutdown before 1.22": (failed("Shutdown"), "was ended by the shutdown of its node (Shutdown)"),
    "refused at shutdown": (failed("NodeShutdown"), "a node that is shutting down"),
    "critical pod": (failed("Preempting"), "was preempted by a critical pod"),
    "node lost": (pod({"reason": "NodeLost"}), "does not answer (NodeLost)"),
    "affinity": (failed("NodeAffinity"), "was refused by its node (NodeAffinity)"),
    "admission": (failed("UnexpectedAdmissionError", "Allocate failed"), "was refused by its node"),
    "no cpu": (failed("OutOfcpu"), "was refused by its node (OutOfcpu)"),
    "no device": (failed("OutOfnvidia.com/gpu"), "was refused by its node (OutOfnvidia.com/gpu)"),
    "node silent": (pod(container={"ready": True}, ready="False"), "does not answer (NodeNotReady)"),
    "phase unknown": (pod({"phase": "Unknown"}), "does not answer"),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_disruption_names_pod_and_cause(kind: str) -> None:
    """The fragment names both; such a pod does not count as failed before that."""
    given, said = TAKEN[kind]
    found = pod_disruption(given)

    assert found is not None
    assert found.what.startswith("pod shop-canary-1 ")
    assert said in found.what


OWN = {
    "its own disk limit": failed(
        "Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "
    ),
    "its container's disk limit": failed("Evicted", 'Container app exceeded its local ephemeral storage limit "1Gi". '),
    "its volume's limit": failed("Evicted", 'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi". '),
    "exit code": pod(container={"state": {"terminated": {"exitCode": 1, "finishedAt": LATER}}}, ready="False"),
    "a clean exit": pod(container={"state": {"terminated": {"exitCode": 0, "finishedAt": LATER}}}, ready="False"),
    "out of its memory": pod(
        container={"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": LATER}}},
        ready="False",
    ),
    "crash loop": pod(container={"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, ready="False"),
    "image": pod(container={"state": {"waiting": {"reason": "ImagePullBackOff"}}}, ready="False"),
    "first pull": pod(container={"state": {"waiting": {"reason": "ErrImagePull"}}}, ready="False"),
    "a missing ConfigMap": pod(
        container={"state": {"waiting": {"reason": "CreateContainerConfigError"}}}, ready="False"
    ),
    "readiness probe": pod(ready="False"),
    "a forbidden sysctl": failed("SysctlForbidden"),
    "init container": pod(
        {"initContainerStatuses": [{"name": "setup", "state": {"terminated": {"exitCode": 2, "finishedAt": LATER}}}]},
        ready="False",
    ),
}


@pytest.mark.parametrize("kind", OWN)
def test_a_failure_of_the_version_is_not_a_disruption(kind: str) -> None:
    """Its own limits, crashes, images, configuration and failing probes are not the cluster's fault."""
    assert (None, True) == (pod_disruption(OWN[kind]), has_failed(OWN[kind]))


START = "2026-05-01T10:00:01Z"
YOUNG = pod(container={"state": {"waiting": {"reason": "ContainerCreating"}}}, ready="False")
YOUNG["status"]["conditions"][0]["lastTransitionTime"] = START
PENDING = {**YOUNG, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]}}
REBOOTED = pod(
    container={
        "restartCount": 1,
        "lastState": {"terminated": {"exitCode": 255, "reason": "Unknown", "finishedAt": LATER}},
    },
    ready="False",
)
INITIALISED = pod(
    {"initContainerStatuses": [{"name": "setup", "state": {"terminated": {"exitCode": 0, "finishedAt": START}}}]},
    ready="False",
)
INITIALISED["status"]["conditions"][0]["lastTransitionTime"] = START


@pytest.mark.parametrize("given", [YOUNG, PENDING, REBOOTED, INITIALISED], ids=["young", "pending", "reboot", "init"])
def test_a_starting_pod_is_neither_disrupted_nor_failed(given: Json) -> None:
    """It starts, waits for a node, comes back with its node, or has run its init containers."""
    assert (None, False) == (pod_disruption(given), has_failed(given))


def test_a_readiness_gate_is_not_a_silent_node() -> None:
    """All containers are ready, and a controller has not opened the pod's own gate."""
    gated = {**pod(container={"ready": True}, ready="False"), "spec": {"readinessGates": [{"conditionType": "x/y"}]}}

    assert pod_disruption(gated) is None


def test_a_withdrawn_disruption_does_not_count() -> None:
    """The disruption controller resets the condition if no deletion followed."""
    assert pod_disruption(pod(target("EvictionByEvictionAPI", status="False"))) is None


def test_a_deletion_began_when_it_was_asked_for() -> None:
    """`deletionTimestamp` is the end of the grace period; container exits in it are kills."""
    leaving = pod(
        container={"state": KILLED},
        ready="False",
        deletionTimestamp="2026-05-01T10:30:25Z",
        deletionGracePeriodSeconds=30,
    )
    found = pod_deletion(leaving)

    assert ("pod shop-canary-1 was deleted", 30.0) == (found.what, found.until - found.began)
    assert not has_failed(leaving, found.began)
