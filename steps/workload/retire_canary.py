"""The canary at the end of a run that is not promoted: one that people deploy is left as they had it.

It gets back its old template only if this run wrote it, and nobody did since. Own writes are known by what the API
server stored: the pin, or without one, who owns the template's fields. Equal text would not do, since admission
policies may add to it.
"""

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.connection import USER_AGENT
from steps.cluster.kinds import DEPLOYMENT
from steps.model.run import Pin, WorkloadState
from steps.workload.capacity import Look, autoscaler_of, no_look, scale_down, scale_to_zero
from steps.workload.pin import arm_label_keys, last_manager, last_writer
from steps.workload.pods import owned_replica_set
from steps.workload.template import fingerprint, from_replica_set

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def retire_canary(
    cluster: Cluster,
    fence: ClaimedDeployments,
    workloads: WorkloadState,
    pin: Pin | None,
    token: str | None,
    look: Look = no_look,
) -> str:
    """Scale the canary and its baseline to 0; one that people deploy gets back its template, and pods if it needs any.

    Template and pods change in one write, and nothing waits for it: the release's users left before, and a rolling
    update keeps those of other routes on ready pods. Safe to repeat.

    Args:
        cluster: the API server.
        fence: writes under the claim.
        workloads: the Deployments as they were at the start.
        pin: what the canary ran in this run, None if it never got ready.
        token: of the claim.
        look: asked right before the pods go.

    Returns:
        One sentence for each thing that was left otherwise than it was, "" for none.

    Raises:
        NotOwnerError: another run's. What `look` raises.
    """
    namespace, name = workloads.namespace, workloads.canary
    before = cluster.find(DEPLOYMENT, namespace, name)
    is_ours = not workloads.topology and name not in workloads.kept
    if is_ours or before is None:
        return scale_down(cluster, fence, workloads, token, look)
    keys = arm_label_keys(cluster.find(DEPLOYMENT, namespace, workloads.stable), before)
    autoscaler = autoscaler_of(cluster, namespace, name)
    left: list[str] = []

    def put_back(canary: Object) -> list[Operation]:
        present = canary["spec"]["template"]
        template, trouble = _old_template(cluster, workloads, pin, canary, keys)
        pods, reason = _pods(workloads, canary, autoscaler)
        left[:] = filter(None, (trouble, reason))
        operations: list[Operation] = []
        if template is not None:
            operations = [
                {"op": "test", "path": "/spec/template", "value": present},
                {"op": "replace", "path": "/spec/template", "value": template},
            ]
        is_sized = canary["spec"].get("replicas", 1) == pods
        if not pods and not is_sized:
            look()
        return operations if is_sized else [*operations, {"op": "add", "path": "/spec/replicas", "value": pods}]

    _log_end(workloads, before, fence.write(namespace, name, token, put_back), left)
    if workloads.baseline:
        left.append(scale_to_zero(cluster, fence, workloads, workloads.baseline, token, look))
    return " ".join(filter(None, left))


def _old_template(
    cluster: Cluster, workloads: WorkloadState, pin: Pin | None, canary: Object, keys: set[str]
) -> tuple[Object | None, str]:
    """Return the template to restore, None for nothing to do, and why one could not be restored, "" else."""
    present = fingerprint(canary["spec"]["template"], keys)
    if not workloads.canary_template_hash or present == workloads.canary_template_hash:
        return None, ""
    name = f"Deployment {workloads.namespace}/{workloads.canary}"
    is_ours = present == pin.template_hash if pin is not None else last_manager(canary) == USER_AGENT
    if not is_ours:
        return None, f"{name} keeps its pod template: {last_writer(canary)} changed it after the run began."
    kept = workloads.canary_replica_set
    old = owned_replica_set(cluster, canary, kept)
    if old is None:
        return None, (
            f"{name} keeps the template of this release: ReplicaSet {kept or 'of the start'}, which holds its old one,"
            " is gone, or not its own. Deploy its old version by hand, and raise spec.revisionHistoryLimit."
        )
    return from_replica_set(old["spec"]["template"]), ""


def _pods(workloads: WorkloadState, canary: Object, autoscaler: Object | None) -> tuple[int, str]:
    """Return how many pods the canary has at the end, and why it keeps any, "" if it has none."""
    present, name = int(canary["spec"].get("replicas", 1)), f"Deployment {workloads.namespace}/{workloads.canary}"
    if autoscaler is not None and present:
        owner = autoscaler["metadata"]["name"]
        return present, f"{name} keeps its {present} pods: HorizontalPodAutoscaler {owner} owns its replicas."
    if workloads.canary not in workloads.kept:
        return 0, ""
    pods = min(workloads.canary_replicas or present, present)  # the run never scales it down, so it has these
    if not pods:
        return 0, ""
    return pods, f"{name} keeps its {pods} pods: {workloads.kept[workloads.canary]}."


def _log_end(workloads: WorkloadState, before: Object, after: Object, left: list[str]) -> None:
    name = {"namespace": workloads.namespace, "deployment": workloads.canary}
    if before["spec"]["template"] != after["spec"]["template"]:
        log.info("canary.template_restored", **name, replica_set=workloads.canary_replica_set)
    pods = int(after["spec"].get("replicas", 1))
    if pods != before["spec"].get("replicas", 1):
        log.info("canary.scaled_down", **name, replicas=pods)
    for sentence in left:
        log.warning("canary.left_running", reason=sentence)
