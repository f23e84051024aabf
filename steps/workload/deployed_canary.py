"""A canary that people deploy, or reach by other routes: what a rollback needs to put it back, and who meets it."""

from dataclasses import replace

from steps.cluster.api import Cluster
from steps.errors import PermanentError
from steps.model.run import WorkloadState
from steps.model.workload import Topology
from steps.workload import preconditions
from steps.workload.pin import arm_label_keys
from steps.workload.pods import current_replica_set
from steps.workload.release_objects import ReleaseObjects
from steps.workload.template import fingerprint


def remember(cluster: Cluster, found: ReleaseObjects, state: WorkloadState) -> WorkloadState:
    """Return the state with the canary as it is now, unless prepare makes it and nobody else uses it.

    Raises:
        PermanentError: this run would write a template that no ReplicaSet keeps, so a rollback could not restore it.
    """
    release, canary = found.release, found.existing
    is_made = release.topology is Topology.STABLE_NAMED
    if canary is None or (is_made and release.canary not in release.kept):
        return replace(state, kept=dict(release.kept))
    state = replace(
        state,
        topology="" if is_made else str(release.topology),
        kept=dict(release.kept),
        canary_replicas=int(canary["spec"].get("replicas", 1)),
    )
    if not (is_made or release.writes_canary):
        return state
    replica_set = current_replica_set(cluster, canary)
    if replica_set is None and release.topology is Topology.SWAP:
        raise PermanentError(
            f"checking {preconditions.deployment_name(canary)}",
            "the ReplicaSet of its present template was not found: a rollback could not restore it. "
            "See `kubectl get replicasets`.",
        )
    return replace(
        state,
        canary_replica_set=replica_set["metadata"]["name"] if replica_set is not None else "",
        canary_template_hash=fingerprint(canary["spec"]["template"], arm_label_keys(found.stable, canary)),
    )


def warnings(found: ReleaseObjects) -> list[str]:
    """Return a warning if users of other routes meet the canary of a swap before it is judged."""
    release, canary = found.release, found.existing
    if release.topology is not Topology.SWAP or canary is None or release.canary not in release.kept:
        return []
    pods = int(canary["spec"].get("replicas", 1))
    update = f"its {pods} pods get it in a rolling update" if pods else "it has no pods now, and the first will run it"
    sentence = (
        f"{preconditions.deployment_name(canary)}: {release.kept[release.canary]}. It gets the new image at weight 0,"
        f" before that is judged, and {update}: users of such a route get the unjudged image."
    )
    return [sentence]
