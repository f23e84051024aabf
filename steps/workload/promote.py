"""Copy the judged template to stable, and verify that stable runs the judged image digests."""

import time
from collections.abc import Callable

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import ForeignWrite, NotFound, PermanentError, TemporaryError
from steps.model.run import Pin, WorkloadState
from steps.workload.pin import arm_label_keys, check_pin, digest_differences, last_writer, running_digests
from steps.workload.readiness import WaitPolicy, get_observed, is_rolled_out, wait_ready
from steps.workload.template import fingerprint, promoted_template
from steps.workload.undo import has_promoted_template, undo_promote

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def promote_template(
    cluster: Cluster,
    fence: ClaimedDeployments,
    workloads: WorkloadState,
    pin: Pin,
    token: str | None,
    policy: WaitPolicy,
    stored: Callable[[str], None] = lambda _: None,
) -> None:
    """Copy the pinned template to stable, wait until stable runs it alone, and compare the digests.

    Safe to repeat after a kill at any point. Stable keeps its own values of the labels that tell the arms apart.
    `stored` gets the fingerprint of the template as the server has it: an admission policy may have added to it.

    Raises:
        ForeignWrite: the canary is not the pinned one, or somebody else changed stable's template.
        PermanentError: stable's new pods do not become ready (undo it), or the tag now has another digest (undone).
        TemporaryError: the rollout took longer than the deadline. NotOwnerError: the claim is lost.
    """
    check_pin(cluster, workloads, pin)
    canary = cluster.get(DEPLOYMENT, workloads.namespace, workloads.canary)
    keys = arm_label_keys(cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable), canary)

    def write(stable: Object) -> list[Operation]:
        present = stable["spec"]["template"]
        if has_promoted_template(stable, canary, workloads, pin):
            return []
        if fingerprint(present, arm_label_keys(stable)) != workloads.stable_template_hash:
            raise ForeignWrite(
                f"promoting to Deployment {workloads.namespace}/{workloads.stable}",
                f"{last_writer(stable)} changed its pod template after the run began. "
                f"Roll back, look at that change, and release again.",
            )
        log.info("promote.template", deployment=workloads.stable, replica_set=pin.replica_set)
        return [
            {"op": "test", "path": "/spec/template", "value": present},
            {
                "op": "replace",
                "path": "/spec/template",
                "value": promoted_template(canary["spec"]["template"], present, keys),
            },
        ]

    written = fence.write(workloads.namespace, workloads.stable, token, write)
    stored(fingerprint(written["spec"]["template"], arm_label_keys(written)))
    stable = wait_ready(cluster, workloads.namespace, workloads.stable, None, policy)
    other = _other_bits(cluster, stable, pin)
    if other:
        undo_promote(cluster, fence, workloads, pin, token, policy)
        raise PermanentError(
            f"comparing what Deployment {workloads.namespace}/{workloads.stable} runs with what was judged",
            f"the tag points to another digest now: {other}. The promote was undone. The tag moved during the release: "
            f"release the image by digest, or under a tag that never moves.",
        )


def _other_bits(cluster: Cluster, stable: Object, pin: Pin) -> str:
    if cluster.is_dry_run or not stable["spec"].get("replicas", 1):
        return ""
    running = running_digests(cluster, stable)
    missing = sorted(set(pin.digests) - set(running))
    if missing:
        raise TemporaryError(
            f"comparing what Deployment {stable['metadata']['name']} runs with what was judged",
            f"no ready pod of it reports the image digest of container {', '.join(missing)}. Run the step again.",
        )
    return digest_differences(running, pin.digests)


def promote_external(cluster: Cluster, workloads: WorkloadState, pin: Pin, policy: WaitPolicy) -> None:
    """Wait until somebody else (GitOps) has rolled the judged digests out to all pods of stable; write nothing.

    Raises:
        TemporaryError: that did not happen within the deadline.
    """
    began = time.monotonic()
    while not cluster.is_dry_run:
        stable = cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable)
        running = running_digests(cluster, stable)
        other = digest_differences(running, pin.digests)
        ready = is_rolled_out(stable, stable["spec"].get("replicas", 1))
        if ready and running and not other:
            return
        if time.monotonic() - began >= policy.deadline_seconds:
            why = other or "its rollout is not complete"
            raise TemporaryError(
                f"waiting until Deployment {workloads.namespace}/{workloads.stable} gets the judged images"
                " from elsewhere",
                f"after {policy.deadline_seconds:g} s {why}. Merge the judged image in Git, then run this again.",
            )
        policy.renew()
        time.sleep(policy.poll_seconds)


def is_promoted(cluster: Cluster, workloads: WorkloadState, pin: Pin) -> bool:
    """Return whether all pods of stable run the pinned template and digests; a template from Git is not compared.

    A way back has just written its token to stable, so its controller gets some time to see that: until then, stable
    looks as if its rollout were not complete, and a promotion that is over would be taken back.
    """
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    try:
        stable = get_observed(cluster, workloads.namespace, workloads.stable)
    except NotFound:
        return False
    if not has_promoted_template(stable, canary, workloads, pin) and not workloads.template_by_external:
        return False
    running = running_digests(cluster, stable)
    ready = is_rolled_out(stable, stable["spec"].get("replicas", 1))
    return ready and bool(running) and not digest_differences(running, pin.digests)


def check_promoted(cluster: Cluster, workloads: WorkloadState, pin: Pin) -> None:
    """Refuse if stable is no longer what was promoted; a template from Git is compared by its images.

    Raises:
        ForeignWrite: somebody else changed it; names the last manager of the template. NotFound: it is gone.
    """
    stable = cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable)
    canary = cluster.find(DEPLOYMENT, workloads.namespace, workloads.canary)
    doing = f"checking that Deployment {workloads.namespace}/{workloads.stable} is what was promoted"
    if workloads.template_by_external:
        other = digest_differences(running_digests(cluster, stable), pin.digests)
        if other:
            raise ForeignWrite(doing, f"its pods run different image digests: {other}.")
    elif not has_promoted_template(stable, canary, workloads, pin):
        raise ForeignWrite(doing, f"{last_writer(stable)} changed its pod template after the promotion.")
