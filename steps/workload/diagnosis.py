"""Explain why pods do not become ready, in sentences that a person can act on (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.cluster.api import Object

_IMAGE = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ErrInvalidImageName"})
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that keeps a Deployment from being ready.

    Args:
        kind: the kind of fault, the same for one fault in several pods.
        sentence: the explanation for people.
        grace_seconds: how long it may last before it is final; None if it may go away.
    """

    kind: str
    sentence: str
    grace_seconds: float | None


def diagnose(deployment: Object, pods: Sequence[Object], hopeless_seconds: float) -> list[Diagnosis]:
    """Return what keeps a Deployment from being ready, the most serious first.

    Args:
        deployment: as read.
        pods: the pods of its present template.
        hopeless_seconds: how long a fault that kubelet itself retries may last before it is final (>= 0).
    """
    found = [*_of_deployment(deployment, hopeless_seconds)]
    for pod in pods:
        found.extend(_of_pod(pod, deployment, hopeless_seconds))
    return sorted(found, key=lambda entry: entry.grace_seconds if entry.grace_seconds is not None else 1e9)


def _of_deployment(deployment: Object, grace: float) -> Iterator[Diagnosis]:
    name = deployment["metadata"]["name"]
    for condition in (deployment.get("status") or {}).get("conditions") or []:
        message = condition.get("message", "")
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            remedy = "Raise the quota or free some" if "quota" in message else "Change what the message names"
            yield Diagnosis("ReplicaFailure", f"pods of {name} cannot be created: {message}. {remedy}.", grace)
        if condition.get("reason") == "ProgressDeadlineExceeded":
            # The pods' own reasons say more, so this one comes after them.
            sentence = f"{name} made no progress within its spec.progressDeadlineSeconds ({message})."
            yield Diagnosis("ProgressDeadlineExceeded", sentence, max(grace, 1.0))


def _of_pod(pod: Object, deployment: Object, grace: float) -> Iterator[Diagnosis]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield Diagnosis(
                "Unschedulable", f"pod {name} cannot be scheduled: {condition.get('message', 'no message')}.", None
            )
    for entry in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        yield from _of_container(name, entry, grace)
    if status.get("phase") in {"Failed", "Evicted"}:
        yield Diagnosis("Failed", f"pod {name} failed: {status.get('message') or status.get('reason', '')}.", None)
    yield from _not_ready(name, status, deployment)


def _of_container(pod: str, entry: Mapping[str, Any], grace: float) -> Iterator[Diagnosis]:
    state = entry.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message", "no message")
    where = f"container {entry['name']} of pod {pod}"
    if reason in _IMAGE:
        final = 0.0 if "Invalid" in reason else grace
        sentence = f"{where} cannot get its image {entry.get('image', '')} ({reason}: {message})."
        yield Diagnosis("image", f"{sentence} Check name, tag and pull secret.", final)
    elif reason in _CONFIG:
        yield Diagnosis("config", f"{where} cannot be started ({reason}: {message}).", grace)
    restarts = int(entry.get("restartCount", 0))
    ended = (entry.get("lastState") or {}).get("terminated") or state.get("terminated") or {}
    if restarts and not entry.get("ready") and (reason == "CrashLoopBackOff" or restarts >= _CRASHES):
        why = f"exit code {ended.get('exitCode', 'unknown')}"
        why += f", {ended['reason']}" if ended.get("reason") not in {None, "", "Error"} else ""
        times = "once" if restarts == 1 else f"{restarts} times"
        sentence = f"{where} keeps crashing: it ended {times}, last with {why}. Read `kubectl logs --previous {pod}`."
        yield Diagnosis("crash", sentence, 0.0 if restarts >= _CRASHES else None)


def _not_ready(pod: str, status: Mapping[str, Any], deployment: Object) -> Iterator[Diagnosis]:
    probes = {str(entry["name"]): entry for entry in deployment["spec"]["template"]["spec"].get("containers") or []}
    for entry in status.get("containerStatuses") or []:
        running = "running" in (entry.get("state") or {})
        if not running or entry.get("ready"):
            continue
        name = str(entry["name"])
        probe = describe_probe((probes.get(name) or {}).get("readinessProbe"))
        started = entry.get("started", True)
        which = "startup probe" if not started else f"readiness probe ({probe})" if probe else "readiness"
        yield Diagnosis("probe", f"the {which} of container {name} in pod {pod} has not succeeded.", None)


def describe_probe(probe: Mapping[str, Any] | None) -> str:
    """Return what a probe asks for: "GET /ready on port 8080"."""
    if not probe:
        return ""
    if probe.get("httpGet"):
        asked = probe["httpGet"]
        return f"GET {asked.get('path', '/')} on port {asked.get('port')}"
    if probe.get("tcpSocket"):
        return f"TCP port {probe['tcpSocket'].get('port')}"
    if probe.get("grpc"):
        return f"gRPC on port {probe['grpc'].get('port')}"
    command = (probe.get("exec") or {}).get("command") or []
    return f"command {' '.join(map(str, command))}"
