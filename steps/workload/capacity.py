"""How many pods an arm needs, who owns `replicas`, and scaling within that."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import DEPLOYMENT, HORIZONTAL_POD_AUTOSCALER
from steps.errors import TemporaryError
from steps.model.run import WorkloadState
from steps.workload.readiness import WaitPolicy, wait_ready

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Look = Callable[[], None]
"""Asked between the read and the write that stops a Deployment; what it raises keeps its pods."""

_REPLICAS = "/spec/replicas"


def no_look() -> None:
    """Ask nothing: nobody is sent there."""


def needed_pods(stable_replicas: int, weight: int) -> int:
    """Return how many ready pods the canary needs: max(1, ceil(stable_replicas * weight/100 * 1.2)).

    Args:
        stable_replicas: stable's replicas at the start (>= 0).
        weight: 0-100.
    """
    # Integer arithmetic: 10 * 50 % * 1.2 is 6, but floats may make it 7.
    return max(1, -(-stable_replicas * weight * 12 // 1000))


def autoscaler_of(cluster: Cluster, namespace: str, deployment: str) -> Object | None:
    """Return the HorizontalPodAutoscaler that owns a Deployment's `replicas`, if any."""
    for entry in cluster.list(HORIZONTAL_POD_AUTOSCALER, namespace):
        target = entry["spec"].get("scaleTargetRef") or {}
        if target.get("kind") == "Deployment" and target.get("name") == deployment:
            return entry
    return None


def ensure_capacity(
    cluster: Cluster,
    fence: ClaimedDeployments,
    workloads: WorkloadState,
    token: str | None,
    weight: int,
    policy: WaitPolicy,
) -> None:
    """Scale the canary up for a weight and wait until it is ready; it is never scaled down here.

    Its baseline, if it has one, gets the same number of pods and has to become ready as well.

    Replicas that an autoscaler owns are left to it, but the first pod is started: an autoscaler does nothing at 0.

    Raises:
        TemporaryError: it is not ready within the deadline. PermanentError: its pods will not become ready.
        NotOwnerError, NotFound: as everywhere.
    """
    count = _needed(cluster, workloads, weight)
    autoscaler = autoscaler_of(cluster, workloads.namespace, workloads.canary)
    size = _raise_to(fence, workloads.namespace, workloads.canary, token, count if autoscaler is None else 1)
    if workloads.baseline:  # before the wait for the canary: pods of both should have the same age
        _resize_baseline(fence, workloads, token, size)
    try:
        wait_ready(cluster, workloads.namespace, workloads.canary, count, policy)
    except TemporaryError as error:
        if autoscaler is None or type(error) is not TemporaryError:
            raise
        owner = f"HorizontalPodAutoscaler {workloads.namespace}/{autoscaler['metadata']['name']}"
        raise TemporaryError(
            error.action,
            f"{error.cause} {owner} owns its replicas, so they were left alone: set its spec.minReplicas to at "
            f"least {count} for weight {weight}.",
        ) from error
    if workloads.baseline:
        wait_ready(cluster, workloads.namespace, workloads.baseline, None, policy)


def follow_stable(
    cluster: Cluster, fence: ClaimedDeployments, workloads: WorkloadState, token: str | None, weight: int, pods: int
) -> None:
    """Scale the canary up, without waiting, if stable has grown since the weight was set; an autoscaler does it itself.

    Args:
        cluster: the API server.
        fence: writes under the claim.
        workloads: the Deployments.
        token: of the claim.
        weight: 1-100.
        pods: that the canary asks for now.

    Raises:
        NotOwnerError, NotFound, Forbidden, TemporaryError: as everywhere.
    """
    count = _needed(cluster, workloads, weight)
    if count <= pods or autoscaler_of(cluster, workloads.namespace, workloads.canary) is not None:
        return
    size = _raise_to(fence, workloads.namespace, workloads.canary, token, count)
    if workloads.baseline:
        _resize_baseline(fence, workloads, token, size)


def ensure_stable_capacity(
    cluster: Cluster,
    fence: ClaimedDeployments,
    workloads: WorkloadState,
    token: str | None,
    policy: WaitPolicy,
    *,
    whole: bool,
) -> None:
    """Scale stable up to its replicas at the start, where it has fewer, and wait until these are ready.

    Nothing waits for a stable that kept its replicas and has a ready pod: it serves, as it did before. With `whole`,
    all pods are waited for, and an autoscaler gets a stable of this size to begin with, up to its own maximum: it would
    grow a stable of one pod only after all users are there.

    Raises:
        As `ensure_capacity`.
    """
    namespace, name = workloads.namespace, workloads.stable
    autoscaler = autoscaler_of(cluster, namespace, name)
    count = max(1, workloads.stable_replicas)
    if autoscaler is not None:
        count = min(count, int(autoscaler["spec"].get("maxReplicas", count))) if whole else 1
    before = cluster.get(DEPLOYMENT, namespace, name)
    _raise_to(fence, namespace, name, token, count)
    if whole or before["spec"].get("replicas", 1) < count or not _available(before):
        wait_ready(cluster, namespace, name, count, policy)


def for_undo(cluster: Cluster, workloads: WorkloadState) -> WorkloadState:
    """Return the Deployments of a promoted run; in a swap, stable needs as many pods as the promoted arm has by now."""
    if not workloads.is_swap:
        return workloads
    promoted = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    pods = int(promoted["spec"].get("replicas", 1)) if promoted is not None else 0
    return replace(workloads, stable_replicas=max(workloads.stable_replicas, pods))


def stable_has_capacity(cluster: Cluster, workloads: WorkloadState) -> bool:
    """Return whether stable has as many available pods as it had replicas at the start."""
    stable = cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable)
    return stable is not None and _available(stable) >= max(1, workloads.stable_replicas)


def lacks_capacity(cluster: Cluster, workloads: WorkloadState) -> bool:
    """Return whether stable has some pods but too few for all users at once, while the canary's are all available."""
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    wanted = int(canary["spec"].get("replicas", 1)) if canary is not None else 0
    is_healthy = canary is not None and 0 < wanted <= _available(canary)
    stable = cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable)
    return is_healthy and stable is not None and 0 < _available(stable) < max(1, workloads.stable_replicas)


def can_serve(cluster: Cluster, namespace: str, names: Sequence[str]) -> bool:
    """Return whether any of these Deployments, which one destination leads to, has a pod that can serve."""
    found = (cluster.find(DEPLOYMENT, namespace, name) for name in names)
    return any(one is not None and _available(one) > 0 for one in found)


def stopping(
    cluster: Cluster, fence: ClaimedDeployments, workloads: WorkloadState, names: Sequence[str], token: str
) -> list[str]:
    """Return those of the named Deployments that have pods and lose them: kept, autoscaled, others' ones do not."""
    found = []
    for name in dict.fromkeys(filter(None, names)):
        deployment = cluster.find(DEPLOYMENT, workloads.namespace, name) if name not in workloads.kept else None
        if deployment is not None and deployment["spec"].get("replicas", 1) and fence.carries(deployment, token):
            found.append(name)
    return [name for name in found if autoscaler_of(cluster, workloads.namespace, name) is None]


def scale_down(
    cluster: Cluster, fence: ClaimedDeployments, workloads: WorkloadState, token: str | None, look: Look = no_look
) -> str:
    """Scale the canary and its baseline to 0 and keep the Deployments; skip what an HPA owns and what is gone.

    Returns:
        One sentence for each that was left running, "" for none.

    Raises:
        NotOwnerError: another run's. What `look` raises.
    """
    left = (scale_to_zero(cluster, fence, workloads, name, token, look) for name in workloads.clones)
    return " ".join(filter(None, left))


def scale_to_zero(
    cluster: Cluster,
    fence: ClaimedDeployments,
    workloads: WorkloadState,
    name: str,
    token: str | None,
    look: Look = no_look,
) -> str:
    """Scale one Deployment to 0; returns and raises as `scale_down`."""
    namespace = workloads.namespace
    clone = cluster.find(DEPLOYMENT, namespace, name)
    if clone is None or clone["spec"].get("replicas", 1) == 0:
        return ""
    if name in workloads.kept:
        sentence = f"Deployment {namespace}/{name} keeps its pods: {workloads.kept[name]}."
        log.info("canary.left_running", reason=sentence)
        return sentence
    autoscaler = autoscaler_of(cluster, namespace, name)
    if autoscaler is not None:
        sentence = (
            f"Deployment {namespace}/{name} keeps its {clone['spec'].get('replicas', 1)} pods: "
            f"HorizontalPodAutoscaler {autoscaler['metadata']['name']} owns its replicas."
        )
        log.warning("canary.left_running", reason=sentence)
        return sentence

    def to_zero(found: Object) -> list[Operation]:
        if not found["spec"].get("replicas", 1):
            return []
        look()
        return [{"op": "add", "path": _REPLICAS, "value": 0}]

    fence.write(namespace, name, token, to_zero)
    log.info("canary.scaled_down", namespace=namespace, deployment=name)
    return ""


def _resize_baseline(fence: ClaimedDeployments, workloads: WorkloadState, token: str | None, count: int) -> None:
    """Scale the baseline up or down to the canary's size: equal numbers of pods get equal numbers of requests."""

    def resize(found: Object) -> list[Operation]:
        current = found["spec"].get("replicas", 1)
        if current == count:
            return []
        log.info("baseline.scaled", deployment=workloads.baseline, replicas=count, previous=current)
        return [{"op": "add", "path": _REPLICAS, "value": count}]

    fence.write(workloads.namespace, workloads.baseline, token, resize)


def _needed(cluster: Cluster, workloads: WorkloadState, weight: int) -> int:
    """Return how many pods the canary needs, by the size that stable has now or had at the start: the larger one.

    In a swap it takes stable's place, so it never needs more than stable has: else every release would grow the app.
    """
    stable = cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable)
    now = int(stable["spec"].get("replicas", 1)) if stable is not None else 0
    today = max(workloads.stable_replicas, now)
    count = needed_pods(today, weight)
    return min(count, max(1, today)) if workloads.is_swap else count


def _raise_to(fence: ClaimedDeployments, namespace: str, name: str, token: str | None, count: int) -> int:
    """Scale a Deployment up to at least `count` pods; return how many it has then."""

    def up(found: Object) -> list[Operation]:
        current = found["spec"].get("replicas", 1)
        if current >= count:
            return []
        log.info("canary.scaled_up", deployment=name, replicas=count, previous=current)
        return [{"op": "add", "path": _REPLICAS, "value": count}]

    found = fence.write(namespace, name, token, up)
    return int(found["spec"].get("replicas", 1))


def _available(deployment: Object) -> int:
    return int((deployment.get("status") or {}).get("availableReplicas", 0))
