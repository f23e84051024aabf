"""Undo a promote, an incomplete one or one that ended: stable gets back the template it had when the run started.

The template comes from stable's ReplicaSet of that time. A promote adds one ReplicaSet, so with a
`revisionHistoryLimit` of at least 1 (prepare refuses 0) it outlives the promote: no other copy of the template is kept.
Restarts of stable during a promote could push it out of a history of 1 or 2; then the undo fails with that reason
instead of guessing.
"""

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.connection import USER_AGENT
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import ForeignWrite, PermanentError
from steps.model.run import Pin, WorkloadState
from steps.model.workload import UndoResult
from steps.workload.pin import arm_label_keys, last_manager, last_writer
from steps.workload.pods import owned_replica_set
from steps.workload.readiness import WaitPolicy, wait_ready
from steps.workload.template import fingerprint, from_replica_set

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def undo_promote(
    cluster: Cluster,
    fence: ClaimedDeployments,
    workloads: WorkloadState,
    pin: Pin | None,
    token: str | None,
    policy: WaitPolicy,
) -> UndoResult:
    """Restore the template that stable had at the start, if this run's promote changed it, and wait until it is ready.

    Level-based: what counts is the template stable has, not what was done before. A template that is neither the
    old one nor the pinned one was written by somebody else and stays, as does what GitOps wrote.

    Args:
        cluster: the API server.
        fence: writes under the claim.
        workloads: the Deployments as they were at the start.
        pin: what was being promoted; None if nothing was pinned, so nothing can have been promoted.
        token: of the claim.
        policy: how to wait for stable.

    Raises:
        PermanentError: the old ReplicaSet is gone, or stable does not become ready with its old template.
        TemporaryError: not ready within the deadline. NotOwnerError, NotFound: as everywhere.
    """
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    found = UndoResult.UNTOUCHED

    def restore(stable: Object) -> list[Operation]:
        nonlocal found
        present = stable["spec"]["template"]
        if fingerprint(present, arm_label_keys(stable)) == workloads.stable_template_hash:
            return []
        if workloads.template_by_external or not has_promoted_template(stable, canary, workloads, pin):
            found = UndoResult.FOREIGN
            log.warning("undo.foreign_template", deployment=workloads.stable, manager=last_manager(stable))
            return []
        found = UndoResult.RESTORED
        log.info("undo.template", deployment=workloads.stable, replica_set=workloads.stable_replica_set)
        return [
            {"op": "test", "path": "/spec/template", "value": present},
            {"op": "replace", "path": "/spec/template", "value": _old_template(cluster, workloads, stable)},
        ]

    stable = fence.write(workloads.namespace, workloads.stable, token, restore)
    if found is UndoResult.RESTORED or (found is UndoResult.UNTOUCHED and _is_rolling(stable)):
        wait_ready(cluster, workloads.namespace, workloads.stable, None, policy)
    return found


def check_undo(cluster: Cluster, workloads: WorkloadState, pin: Pin | None) -> None:
    """Refuse an undo of a promotion that ended, unless it can restore what stable had before.

    Raises:
        ForeignWrite: somebody else changed stable's template since the promotion; in a swap, which never writes it,
            since the start of the run.
        PermanentError: the old ReplicaSet is gone. NotFound: stable is gone.
    """
    stable = cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable)
    present = stable["spec"]["template"]
    if fingerprint(present, arm_label_keys(stable)) == workloads.stable_template_hash:
        return
    if workloads.is_swap:
        raise ForeignWrite(
            f"undoing the swap of Deployment {workloads.namespace}/{workloads.stable} and {workloads.canary}",
            f"{last_writer(stable)} changed the pod template of {workloads.stable} after the release began, so the "
            f"version before it is no longer there. Release what {workloads.stable} has now instead: rollout, without "
            "--image.",
        )
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    if not has_promoted_template(stable, canary, workloads, pin):
        raise ForeignWrite(
            f"undoing the promotion of Deployment {workloads.namespace}/{workloads.stable}",
            f"{last_writer(stable)} changed its pod template after the promotion, so an undo would remove that change "
            f"as well. If the old version is wanted all the same: {_by_hand(workloads)}",
        )
    _old_template(cluster, workloads, stable)


def promoted_fingerprint(cluster: Cluster, workloads: WorkloadState, pin: Pin) -> str:
    """Return the fingerprint of the promoted template as stable has it; "" if somebody else changed it by now.

    An admission policy may have added to what was written: then the template is ours by its last manager.
    """
    stable = cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable)
    if stable is None:
        return ""
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    is_ours = has_promoted_template(stable, canary, workloads, pin) or last_manager(stable) == USER_AGENT
    return fingerprint(stable["spec"]["template"], arm_label_keys(stable)) if is_ours else ""


def has_promoted_template(stable: Object, canary: Object | None, workloads: WorkloadState, pin: Pin | None) -> bool:
    """Return whether stable has the promoted template: as the canary had it, or as the record keeps it.

    The record does not count on the canary, which may be gone: its fingerprint leaves out stable's own labels alone.
    """
    present = stable["spec"]["template"]
    known = workloads.promoted_template_hash
    is_pinned = pin is not None and fingerprint(present, arm_label_keys(stable, canary)) == pin.template_hash
    return is_pinned or (bool(known) and fingerprint(present, arm_label_keys(stable)) == known)


def _by_hand(workloads: WorkloadState) -> str:
    where = f"deployment/{workloads.stable} -n {workloads.namespace}"
    restore = f"`kubectl rollout undo {where} --to-revision=N` restores one"
    return f"`kubectl rollout history {where}` lists its versions, {restore}."


def _is_rolling(stable: Object) -> bool:
    """Return whether pods of another template still exist: an earlier undo was killed while it waited.

    A stable that only lacks a pod does not keep a rollback waiting.
    """
    status = stable.get("status") or {}
    return int(status.get("replicas", 0)) > int(status.get("updatedReplicas", 0))


def _old_template(cluster: Cluster, workloads: WorkloadState, stable: Object) -> Object:
    old = owned_replica_set(cluster, stable, workloads.stable_replica_set)
    if old is None:
        raise PermanentError(
            f"undoing the promote of Deployment {workloads.namespace}/{workloads.stable}",
            f"ReplicaSet {workloads.stable_replica_set or 'of the start'}, which holds its old template, is gone, or "
            "is another Deployment's. Deploy the old version by hand, and raise spec.revisionHistoryLimit for the next "
            "time: `kubectl patch "
            f'deployment {workloads.stable} -n {workloads.namespace} -p \'{{"spec":{{"revisionHistoryLimit":10}}}}\'`',
        )
    return from_replica_set(old["spec"]["template"])
