"""The pod status as the kubelet reports it: phase, conditions and container statuses."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.kubernetes_api.kinds import Json

NODE_NAME = "lab-node"


@dataclass
class ObservedPod:
    """What the kubelet knows about a pod now."""

    ip: str = ""
    unschedulable: str = ""
    image_id: str = ""
    state: Json = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last_state: Json = field(default_factory=dict)
    ready: bool = False
    started: bool = False
    restart_count: int = 0


def render(pod: Json, seen: ObservedPod, now: str) -> Json:
    """Return the pod's status; a condition keeps its transition time while its status stays."""
    previous = {one["type"]: one for one in pod.get("status", {}).get("conditions", [])}

    def condition(kind: str, *, holds: bool, reason: str = "", message: str = "") -> Json:
        status = "True" if holds else "False"
        before = previous.get(kind, {})
        since = before["lastTransitionTime"] if before.get("status") == status else now
        said: Json = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        return said | ({"reason": reason, "message": message} if reason and not holds else {})

    if seen.unschedulable:
        conditions = [condition("PodScheduled", holds=False, reason="Unschedulable", message=seen.unschedulable)]
        return {"phase": "Pending", "conditions": conditions, "qosClass": "BestEffort"}
    unready = {"reason": "ContainersNotReady", "message": "containers with unready status"}
    return {
        "phase": "Running" if seen.started else "Pending",
        "conditions": [
            condition("Initialized", holds=True),
            condition("Ready", holds=seen.ready, **unready),
            condition("ContainersReady", holds=seen.ready, **unready),
            condition("PodScheduled", holds=True),
        ],
        "hostIP": "127.0.0.1",
        "podIP": seen.ip,
        "podIPs": [{"ip": seen.ip}],
        "startTime": pod.get("status", {}).get("startTime", now),
        "containerStatuses": [_container(one, seen, main=i == 0) for i, one in enumerate(pod["spec"]["containers"])],
        "qosClass": "BestEffort",
    }


def _container(container: Json, seen: ObservedPod, *, main: bool) -> Json:
    """Report the app as observed, and any other container as running, since it has no process."""
    said: Json = {
        "name": container["name"],
        "image": container["image"],
        "imageID": seen.image_id if main else container["image"],
        "restartCount": seen.restart_count if main else 0,
        "ready": seen.ready if main else seen.started,
        "started": "running" in seen.state if main else seen.started,
        "state": seen.state if main or not seen.started else {"running": {}},
        "lastState": seen.last_state if main else {},
    }
    return said
