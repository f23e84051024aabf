"""Wait until a Deployment's pods are ready, or fail with a reason that a person can act on."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import PermanentError, TemporaryError
from steps.workload.diagnosis import Diagnosis, diagnose
from steps.workload.pods import current_pods

log: structlog.stdlib.BoundLogger = structlog.get_logger()


_OBSERVED_SECONDS = 5.0
_GLANCE_SECONDS = 0.1


def _nothing() -> None:
    """Renew no claim."""


@dataclass(frozen=True, slots=True)
class WaitPolicy:
    """How to wait.

    Args:
        deadline_seconds: how long at most (>= 0).
        renew: called at every look, so that the claim stays alive; what it raises ends the waiting.
        poll_seconds: time between two looks (> 0).
        fault_grace_seconds: how long to tolerate a fault that kubelet itself retries, such as a failed pull (>= 0).
    """

    deadline_seconds: float
    renew: Callable[[], None] = _nothing
    poll_seconds: float = 1.0
    fault_grace_seconds: float = 10.0


def is_rolled_out(deployment: Object, replicas: int) -> bool:
    """Return whether at least `replicas` pods of the present template are available and no older ones are left."""
    return is_settled(deployment, replicas, replicas)


def is_settled(deployment: Object, replicas: int, available: int) -> bool:
    """Return whether all of `replicas` pods have the present template, no older ones are left, and so many serve."""
    status = deployment.get("status") or {}
    updated = status.get("updatedReplicas", 0)
    return bool(
        is_observed(deployment)
        and updated >= replicas
        and status.get("replicas", 0) == updated
        and status.get("availableReplicas", 0) >= available
    )


def is_observed(deployment: Object) -> bool:
    """Return whether the status is about the present generation; even our token's annotation raises the generation."""
    status = deployment.get("status") or {}
    return bool(status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0))


def get_observed(cluster: Cluster, namespace: str, name: str) -> Object:
    """Return a Deployment; its controller gets up to 5 s to bring the status up to date."""
    until = time.monotonic() + _OBSERVED_SECONDS
    while True:
        found = cluster.get(DEPLOYMENT, namespace, name)
        if cluster.is_dry_run or is_observed(found) or time.monotonic() >= until:
            return found
        time.sleep(_GLANCE_SECONDS)


def wait_ready(cluster: Cluster, namespace: str, name: str, replicas: int | None, policy: WaitPolicy) -> Object:
    """Wait until a Deployment runs its present template, and only that, on enough available pods.

    Args:
        cluster: the API server; a dry run does not wait.
        namespace: of the Deployment.
        name: of the Deployment.
        replicas: minimum number of available pods (>= 0); None means its own `spec.replicas`.
        policy: how to wait.

    Returns:
        The Deployment as last read.

    Raises:
        PermanentError: it will not become ready (image, crash loop, quota, progress deadline); says why.
        TemporaryError: it is not ready within the deadline; gives the counts and the likely reason.
    """
    began = time.monotonic()
    seen: dict[str, float] = {}
    while True:
        found = cluster.get(DEPLOYMENT, namespace, name)
        wanted = found["spec"].get("replicas", 1) if replicas is None else replicas
        if cluster.is_dry_run or is_rolled_out(found, wanted):
            return found
        now = time.monotonic()
        trouble = _look(cluster, found, seen, now, policy)
        if now - began >= policy.deadline_seconds:
            raise _late(found, wanted, trouble, policy)
        policy.renew()
        time.sleep(min(policy.poll_seconds, max(0.05, policy.deadline_seconds - (now - began))))


def _look(cluster: Cluster, found: Object, seen: dict[str, float], now: float, policy: WaitPolicy) -> Diagnosis | None:
    present: list[Diagnosis] = []
    if is_observed(found):
        # Until the controller has seen this generation, its conditions are about the previous one.
        present = diagnose(found, current_pods(cluster, found), policy.fault_grace_seconds)
    for kind in set(seen) - {entry.kind for entry in present}:
        del seen[kind]
    for entry in present:
        since = seen.setdefault(entry.kind, now)
        if since == now and entry.grace_seconds != 0:
            log.info("workload.not_ready", deployment=found["metadata"]["name"], reason=entry.sentence)
        if entry.grace_seconds is not None and now - since >= entry.grace_seconds:
            raise PermanentError(_doing(found), entry.sentence)
    return present[0] if present else None


def _late(found: Object, wanted: int, trouble: Diagnosis | None, policy: WaitPolicy) -> TemporaryError:
    status = found.get("status") or {}
    old = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    counts = f"{status.get('availableReplicas', 0)} of {wanted} pods are available"
    counts += f", {old} of an older template remain" if old > 0 else ""
    why = trouble.sentence if trouble else "Its pods report no fault and may only need more time: run the step again."
    paused = " spec.paused is true: resume it." if found["spec"].get("paused") else ""
    return TemporaryError(_doing(found), f"after {policy.deadline_seconds:g} s {counts}.{paused} {why}")


def _doing(found: Object) -> str:
    return f"waiting for Deployment {found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
