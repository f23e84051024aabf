"""Create or update the canary Deployment from the release, and its baseline from stable."""

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import DEPLOYMENT
from steps.cluster.refusals import Conflict
from steps.errors import ForeignWrite
from steps.model.workload import Release, ReleasePlan, Topology
from steps.workload.clone import Clone, clone_manifest
from steps.workload.pin import arm_label_keys, last_writer
from steps.workload.release_objects import ReleaseObjects
from steps.workload.template import fingerprint

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def create_canary(
    cluster: Cluster, fence: ClaimedDeployments, release: Release, plan: ReleasePlan, token: str | None
) -> None:
    """Create or update the canary Deployment from stable's template (or, where people deploy it, update it).

    Its number of pods does not change and is 0 for a new one: `ensure_capacity` raises it under the token.

    Raises:
        ForeignWrite: stable's template changed since the preflight. PermanentError: as the preflight refuses.
        NotOwnerError: another run's.
    """
    found = _unchanged_objects(cluster, release, plan, release.canary)
    _require_unchanged_canary(found, plan)
    found.check_canary()
    if found.existing is None:
        if _created(cluster, fence, found.stable, _canary(found), token, "canary", plan.canary_image):
            return
        # Created in the meantime: by our own retried request, or by another run, whose token stops the write below.
        found = ReleaseObjects(cluster, release)
        found.check_canary()
    if release.topology is Topology.STABLE_NAMED or release.image or release.env or release.template_patch:
        _updated(fence, release.namespace, _canary(found), token, "canary", plan.canary_image)


def create_baseline(
    cluster: Cluster, fence: ClaimedDeployments, release: Release, plan: ReleasePlan, token: str | None
) -> None:
    """Create or update the baseline from stable's present template, if the release asks for one; its pods come later.

    Raises:
        As `create_canary`.
    """
    if not release.baseline:
        return
    found = _unchanged_objects(cluster, release, plan, release.baseline)
    wanted = found.baseline()
    if cluster.find(DEPLOYMENT, release.namespace, release.baseline) is None and _created(
        cluster, fence, found.stable, wanted, token, "baseline", plan.stable_image
    ):
        return
    _updated(fence, release.namespace, wanted, token, "baseline", plan.stable_image)


def _unchanged_objects(cluster: Cluster, release: Release, plan: ReleasePlan, name: str) -> ReleaseObjects:
    found = ReleaseObjects(cluster, release)
    if fingerprint(found.stable["spec"]["template"], arm_label_keys(found.stable)) != plan.state.stable_template_hash:
        raise ForeignWrite(
            f"creating Deployment {release.namespace}/{name}",
            f"{last_writer(found.stable)} changed the pod template of {release.stable} since this run looked at it. "
            f"Run prepare again.",
        )
    return found


def _require_unchanged_canary(found: ReleaseObjects, plan: ReleasePlan) -> None:
    """Refuse a canary that people deployed to since the preflight: a rollback would not restore what they deployed."""
    seen, canary = plan.state.canary_template_hash, found.existing
    if not seen or canary is None:
        return
    if fingerprint(canary["spec"]["template"], arm_label_keys(found.stable, canary)) != seen:
        raise ForeignWrite(
            f"writing Deployment {found.release.namespace}/{found.release.canary}",
            f"{last_writer(canary)} changed its pod template since this run looked at it. Run prepare again.",
        )


def _canary(found: ReleaseObjects) -> Clone:
    return Clone(found.release.canary, found.template, found.selector)


def _created(
    cluster: Cluster, fence: ClaimedDeployments, stable: Object, wanted: Clone, token: str | None, arm: str, image: str
) -> bool:
    """Create a clone; return False if it exists by now."""
    namespace = stable["metadata"]["namespace"]
    try:
        cluster.create(
            DEPLOYMENT, namespace, clone_manifest(stable, wanted, {fence.key: token} if token is not None else {})
        )
    except Conflict:
        return False
    log.info("clone.created", arm=arm, namespace=namespace, deployment=wanted.name, image=image)
    return True


def _updated(fence: ClaimedDeployments, namespace: str, wanted: Clone, token: str | None, arm: str, image: str) -> None:
    def update(found: Object) -> list[Operation]:
        present = found["spec"]["template"]
        if fingerprint(present, ()) == fingerprint(wanted.template, ()):
            return []
        log.info("clone.updated", arm=arm, namespace=namespace, deployment=wanted.name, image=image)
        return [
            {"op": "test", "path": "/spec/template", "value": present},
            {"op": "replace", "path": "/spec/template", "value": wanted.template},
        ]

    fence.write(namespace, wanted.name, token, update)
