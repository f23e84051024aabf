"""Making the canary what is to be released."""

import structlog

from steps.cluster.api import Cluster, Conflict, Object, Operation
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import ForeignWrite
from steps.model.workload import Plan, Release, Topology
from steps.workload.clone import clone
from steps.workload.fence import Fence
from steps.workload.inspection import Inspection
from steps.workload.pin import arm_keys, last_manager
from steps.workload.template import fingerprint

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def create_canary(cluster: Cluster, fence: Fence, release: Release, plan: Plan, token: str | None) -> None:
    """Create or update the canary Deployment from stable's template (target-named: the one people deploy to).

    Its number of pods is left as it is, 0 for a new one: `ensure_capacity` raises it under the token.

    Raises:
        ForeignWrite: stable's template changed since the inspection. PermanentError: as the inspection refuses.
        NotOwnerError: another run's.
    """
    seen = Inspection(cluster, release)
    if fingerprint(seen.stable["spec"]["template"], arm_keys(seen.stable)) != plan.memory.stable_template_hash:
        raise ForeignWrite(
            f"making Deployment {release.namespace}/{release.canary}",
            f"{last_manager(seen.stable)} changed the pod template of {release.stable} since this run looked at it. "
            f"Run prepare again.",
        )
    seen.check_canary()
    if seen.existing is None:
        annotations = {fence.key: token} if token is not None else {}
        body = clone(seen.stable, release.canary, seen.template, seen.selector, annotations)
        try:
            cluster.create(DEPLOYMENT, release.namespace, body)
        except Conflict:
            # Made meanwhile: by a repeated request of ours, or by somebody whose token the write below will meet.
            seen = Inspection(cluster, release)
            seen.check_canary()
        else:
            log.info("canary.created", namespace=release.namespace, deployment=release.canary, image=plan.canary_image)
            return

    def update(found: Object) -> list[Operation]:
        present = found["spec"]["template"]
        if fingerprint(present, ()) == fingerprint(seen.template, ()):
            return []
        log.info("canary.updated", namespace=release.namespace, deployment=release.canary, image=plan.canary_image)
        return [
            {"op": "test", "path": "/spec/template", "value": present},
            {"op": "replace", "path": "/spec/template", "value": seen.template},
        ]

    if release.topology is Topology.STABLE_NAMED or release.image or release.env or release.template_patch:
        fence.write(release.namespace, release.canary, token, update)
