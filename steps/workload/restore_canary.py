"""Restore the template of a canary that people deploy, if the run wrote it."""

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import DEPLOYMENT, REPLICA_SET
from steps.model.run import Pin, WorkloadState
from steps.workload.pin import arm_label_keys, last_manager
from steps.workload.template import fingerprint, from_replica_set

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def restore_canary(
    cluster: Cluster, fence: ClaimedDeployments, workloads: WorkloadState, pin: Pin | None, token: str | None
) -> None:
    """Write the old template; nothing waits for its pods, as users are on stable by now. Safe to repeat.

    A template that is neither the old one nor the pinned one was written by somebody else and stays.

    Args:
        cluster: the API server.
        fence: writes under the claim.
        workloads: the Deployments as they were at the start; without a hash of the canary's template nothing is done.
        pin: what was released; None where prepare did not get that far, so whatever is there counts as ours.
        token: of the claim.

    Raises:
        NotOwnerError: another run's. TemporaryError: the API server is in trouble.
    """
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    if not workloads.canary_template_hash or canary is None:
        return
    keys = arm_label_keys(cluster.find(DEPLOYMENT, workloads.namespace, workloads.stable), canary)
    if fingerprint(canary["spec"]["template"], keys) == workloads.canary_template_hash:
        return
    old = (
        cluster.find(REPLICA_SET, workloads.namespace, workloads.canary_replica_set)
        if workloads.canary_replica_set
        else None
    )
    if old is None:
        log.warning(
            "restore.impossible", deployment=workloads.canary,
            detail=f"ReplicaSet {workloads.canary_replica_set or 'of the start'} is gone, so {workloads.canary} keeps"
            f" the template of this release. Deploy its old version by hand, and raise spec.revisionHistoryLimit.",
        )  # fmt: skip
        return
    template = from_replica_set(old["spec"]["template"])

    def restored(found: Object) -> list[Operation]:
        present = found["spec"]["template"]
        mark = fingerprint(present, keys)
        if mark == workloads.canary_template_hash:
            return []
        if pin is not None and mark != pin.template_hash:
            log.warning("restore.foreign_template", deployment=workloads.canary, manager=last_manager(found))
            return []
        log.info("restore.template", deployment=workloads.canary, replica_set=workloads.canary_replica_set)
        return [
            {"op": "test", "path": "/spec/template", "value": present},
            {"op": "replace", "path": "/spec/template", "value": template},
        ]

    fence.write(workloads.namespace, workloads.canary, token, restored)
