"""Classify a pod by its own object: disrupted by the cluster, or failed by itself (pure).

The terms are those of Kubernetes' sources: the condition DisruptionTarget of the API server, scheduler, taint manager,
pod garbage collector and kubelet; `status.reason` of pods that a kubelet evicted, refused or lost. The node itself need
not be read: on a node that is gone, a pod's Ready turns false while all its containers stay ready.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, Final

from steps.cluster.api import Object
from steps.workload.pods import is_ready

_TARGETED: Final = {
    "EvictionByEvictionAPI": "was evicted, for example by a drain, the descheduler or an autoscaler",
    "PreemptionByScheduler": "was preempted by a pod of higher priority",
    "DeletionByTaintManager": "was deleted because its node has a taint that it does not tolerate",
    "DeletionByPodGC": "was removed because its node is gone",
    "TerminationByKubelet": "was ended by its kubelet",
}
_ENDED: Final = {
    "Evicted": "was evicted by its kubelet",
    "Preempting": "was preempted by a critical pod",
    "NodeLost": "is on a node that does not answer",
    "Shutdown": "was ended by the shutdown of its node",
    "Terminated": "was ended by the shutdown of its node",
    "NodeShutdown": "was refused by a node that is shutting down",
}
_REFUSED: Final = frozenset(
    {
        "NodeAffinity", "MatchNodeSelector", "NodeName", "NodePorts", "NodeUnschedulable", "TaintToleration",
        "TopologyAffinityError", "UnexpectedAdmissionError", "InvalidNodeInfo", "UnknownReason",
        "UnexpectedPredicateFailureType",
    }
)  # fmt: skip
"""Reasons why a kubelet refuses a scheduled pod, besides `OutOf<resource>`."""

_OWN_LIMIT: Final = (
    "Pod ephemeral local storage usage exceeds the total limit",
    "exceeded its local ephemeral storage limit",
    "Usage of EmptyDir volume",
)
"""Evictions for a limit of the pod itself, which happen on any node: the version's fault."""

_BROKEN: Final = frozenset(
    {
        "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull",
        "ErrInvalidImageName", "ImageInspectError", "RegistryUnavailable", "CreateContainerConfigError",
        "CreateContainerError", "RunContainerError", "PostStartHookError", "PreCreateHookError", "PreStartHookError",
    }
)  # fmt: skip
_LOST: Final = frozenset({"Unknown", "ContainerStatusUnknown"})
"""Reasons given for a container whose end nobody saw: its node went down or restarted."""

_JUST_STARTED_SECONDS: Final = 2.0
"""Kubelet writes "not ready" with the pod's start time; timestamps have whole seconds."""


@dataclass(frozen=True, slots=True)
class PodDisruption:
    """A pod that the cluster took away.

    Args:
        began: its first sign, unix seconds.
        until: when its containers are killed at the latest, unix seconds.
        what: a sentence fragment that names the pod and the cause.
    """

    began: float
    until: float
    what: str


def pod_disruption(pod: Object) -> PodDisruption | None:
    """Return what the cluster did to a pod, None if its object shows nothing.

    A plain deletion is not included: a caller that knows what was scaled down calls `pod_deletion`.
    """
    status = pod.get("status") or {}
    target = _condition(pod, "DisruptionTarget")
    messages = f"{status.get('message') or ''} {target.get('message') or ''}"
    if any(limit in messages for limit in _OWN_LIMIT):
        return None
    if target.get("status") == "True":
        reason = str(target.get("reason") or "")
        what = _TARGETED.get(reason, "was taken away by the cluster")
        return _disruption(pod, target.get("lastTransitionTime"), what, reason, target.get("message"))
    reason = str(status.get("reason") or "")
    refused = status.get("phase") == "Failed" and (reason in _REFUSED or reason.startswith("OutOf"))
    if reason in _ENDED or refused:
        what = "was refused by its node" if refused else _ENDED[reason]
        return _disruption(pod, _turned(pod), what, reason, status.get("message"))
    if _is_cut_off(pod):
        return _disruption(pod, _turned(pod), "is on a node that does not answer", "NodeNotReady", None)
    return None


def pod_deletion(pod: Object) -> PodDisruption:
    """Return the disruption of a pod that somebody deleted."""
    return _disruption(pod, None, "was deleted", "", None)


def has_failed(pod: Object, before: float = inf) -> bool:
    """Return whether a pod that is not ready failed by itself: it crashed, cannot start, ended, or was ready before.

    Args:
        pod: as read.
        before: events from this moment on do not count (unix seconds): the pod was being taken away.
    """
    if is_ready(pod):
        return False
    status = pod.get("status") or {}
    if has_crashed(pod, before) or (status.get("phase") == "Failed" and before == inf):
        return True
    if any(_ended(entry).get("reason") in _LOST for entry, _ in _containers(pod)):
        return False
    turned, started = unix_seconds(_turned(pod)), unix_seconds(status.get("startTime"))
    return bool(started) and started + _JUST_STARTED_SECONDS < turned < before


def has_crashed(pod: Object, before: float = inf) -> bool:
    """Return whether a container of a pod ended by itself before a moment (unix seconds), or cannot be started."""
    return any(_is_broken(entry, before, init=init) for entry, init in _containers(pod))


def unix_seconds(text: str | None) -> float:
    """Return a timestamp of Kubernetes as unix seconds, 0 for none."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp() if text else 0.0


def _is_broken(entry: Mapping[str, Any], before: float, *, init: bool) -> bool:
    if ((entry.get("state") or {}).get("waiting") or {}).get("reason") in _BROKEN:
        return True
    ended = _ended(entry)
    if not ended or ended.get("reason") in _LOST or (init and not ended.get("exitCode")):
        return False
    return unix_seconds(ended.get("finishedAt")) < before


def _ended(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how a container that is not ready last ended, {} if it did not."""
    if entry.get("ready"):
        return {}
    return (entry.get("state") or {}).get("terminated") or (entry.get("lastState") or {}).get("terminated") or {}


def _containers(pod: Object) -> Iterator[tuple[Mapping[str, Any], bool]]:
    status = pod.get("status") or {}
    yield from ((entry, True) for entry in status.get("initContainerStatuses") or [])
    yield from ((entry, False) for entry in status.get("containerStatuses") or [])


def _is_cut_off(pod: Object) -> bool:
    """Return whether the pod's node is silent: the node controller clears Ready, all else stays as kubelet left it."""
    ready = _condition(pod, "Ready")
    if (pod.get("status") or {}).get("phase") == "Unknown" or ready.get("status") == "Unknown":
        return True
    if ready.get("status") != "False":
        return False
    if ready.get("reason") in {"NodeNotReady", "NodeStatusUnknown"}:
        return True
    statuses = [entry for entry, init in _containers(pod) if not init]
    gated = (pod.get("spec") or {}).get("readinessGates")
    all_ready = bool(statuses) and all(entry.get("ready") for entry in statuses)
    return all_ready and not gated and _condition(pod, "ContainersReady").get("status") != "False"


def _disruption(pod: Object, began: str | None, what: str, reason: str, message: str | None) -> PodDisruption:
    meta = pod["metadata"]
    killed = unix_seconds(meta.get("deletionTimestamp"))
    asked = killed - float(meta.get("deletionGracePeriodSeconds") or 0) if killed else 0.0
    first = unix_seconds(began) or asked or unix_seconds(meta.get("creationTimestamp"))
    cause = ": ".join(part for part in (reason, (message or "").strip().rstrip(".")) if part)
    return PodDisruption(first, max(first, killed), f"pod {meta['name']} {what}{f' ({cause})' if cause else ''}")


def _turned(pod: Object) -> str | None:
    found = _condition(pod, "Ready").get("lastTransitionTime")
    return str(found) if found else None


def _condition(pod: Object, kind: str) -> Mapping[str, Any]:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return next((entry for entry in conditions if entry.get("type") == kind), {})
