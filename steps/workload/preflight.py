"""Check the Deployments of a release before anything changes: refusals, warnings, and what the run has to remember."""

from collections.abc import Mapping
from typing import Any

from steps.cluster.api import Cluster
from steps.cluster.kinds import PERSISTENT_VOLUME_CLAIM
from steps.errors import PermanentError
from steps.model.run import WorkloadState
from steps.model.workload import Noop, Release, ReleasePlan, Topology
from steps.workload import deployed_canary, preconditions, related_objects
from steps.workload.arm_selectors import check_disjoint
from steps.workload.baseline import baseline_selectors
from steps.workload.noop import detect_noop
from steps.workload.pin import arm_label_keys, running_digests
from steps.workload.pods import current_replica_set
from steps.workload.port_checks import check_ports
from steps.workload.release_objects import ReleaseObjects
from steps.workload.service_ports import ServiceBackend
from steps.workload.template import fingerprint
from steps.workload.template_references import config_references, volume_claims


def preflight(cluster: Cluster, release: Release) -> ReleasePlan:
    """Check everything that can be known before the first write.

    Args:
        cluster: the API server; it is only read.
        release: what is to be released.

    Returns:
        What the run has to remember, the images, and a warning for each doubtful thing.

    Raises:
        PermanentError: the release is not safe; names object, field, value and remedy.
        NotFound: a Deployment or Service is missing.
    """
    found = ReleaseObjects(cluster, release)
    preconditions.check_stable(found.stable, release.available_share, may_be_unready=release.allow_unready_stable)
    found.check_canary()
    _check_managers(found)
    warnings = _compare_arms(cluster, found)
    state = _state(cluster, found)
    return ReleasePlan(
        state=state,
        stable_image=_image(found, found.stable["spec"]["template"]),
        canary_image=_image(found, found.template),
        container=found.container,
        noop=_noop(cluster, found),
        warnings=tuple(warnings),
    )


def _check_managers(found: ReleaseObjects) -> None:
    release = found.release
    if not release.template_by_external and release.topology is not Topology.SWAP:  # a swap never writes it
        remedy = "Let that tool write the template (--template-by external)"
        preconditions.check_manager(found.stable, allowed=release.allow_managed, remedy=remedy)
    if found.existing is not None and release.writes_canary:
        remedy = "Release the image with that tool, without --image here"
        preconditions.check_manager(found.existing, allowed=release.allow_managed, remedy=remedy)


def _compare_arms(cluster: Cluster, found: ReleaseObjects) -> list[str]:
    """Refuse arms that overlap or cannot serve alike; return a warning for each difference that may do harm."""
    release, namespace = found.release, found.release.namespace
    stable, canary = found.arms()
    check_disjoint(stable, canary)
    ports = _check_ports(found)
    arms = [stable, canary, *([baseline_selectors(found.baseline(), canary)] if release.baseline else [])]
    _check_volumes(cluster, found)
    template, replicas = found.stable["spec"]["template"], int(found.stable["spec"].get("replicas", 1))
    return [
        *ports,
        *related_objects.check_policies(cluster, namespace, arms, allowed=release.allow_policies),
        *related_objects.autoscaler_warnings(cluster, namespace, release.stable, replicas),
        *related_objects.background_work_warnings(found.stable, found.released_container(found.template)),
        *related_objects.resource_warnings(template, found.template),
        *_shared_configuration(found),
        *deployed_canary.warnings(found),
    ]


def _check_ports(found: ReleaseObjects) -> list[str]:
    """Follow the routes to the containers' ports; return a warning for each doubtful one."""
    release, template = found.release, found.stable["spec"]["template"]
    behind = found.service(release.canary_destination)
    stable = ServiceBackend(release.stable, found.service(release.stable_destination), template)
    baseline = [ServiceBackend(release.baseline, behind, template)] if release.baseline else []
    return check_ports(release.routes, stable, ServiceBackend(release.canary, behind, found.template), baseline)


def _check_volumes(cluster: Cluster, found: ReleaseObjects) -> None:
    names = {*volume_claims(found.stable["spec"]["template"]), *volume_claims(found.template)}
    claims = {name: cluster.find(PERSISTENT_VOLUME_CLAIM, found.release.namespace, name) for name in sorted(names)}
    preconditions.check_volumes(found.stable, claims)


def _shared_configuration(found: ReleaseObjects) -> list[str]:
    if found.release.topology is Topology.STABLE_NAMED:
        return []
    shared = sorted(config_references(found.stable["spec"]["template"]) & config_references(found.template))
    if not shared:
        return []
    sentence = f"Both arms read {', '.join(shared)}: a change there reaches stable at once, and is not judged."
    return [f"{sentence} Give each version its own (a hash in the name)."]


def _state(cluster: Cluster, found: ReleaseObjects) -> WorkloadState:
    """Return what the run has to remember of the Deployments, so that a rollback can restore stable."""
    release, stable = found.release, found.stable
    replica_set = current_replica_set(cluster, stable)
    if replica_set is None and not release.allow_unready_stable:
        raise PermanentError(
            f"checking {preconditions.deployment_name(stable)}",
            "the ReplicaSet of its present template was not found: an incomplete promote could not be undone. "
            "See `kubectl get replicasets`.",
        )
    state = WorkloadState(
        namespace=release.namespace,
        stable=release.stable,
        canary=release.canary,
        stable_replicas=int(stable["spec"].get("replicas", 1)),
        stable_replica_set=replica_set["metadata"]["name"] if replica_set is not None else "",
        stable_template_hash=fingerprint(stable["spec"]["template"], arm_label_keys(stable)),
        created_canary=release.topology is Topology.STABLE_NAMED,
        template_by_external=release.template_by_external and release.topology is not Topology.SWAP,
        baseline=release.baseline,
    )
    return deployed_canary.remember(cluster, found, state)


def _noop(cluster: Cluster, found: ReleaseObjects) -> Noop:
    keys = arm_label_keys(found.stable) | set(found.selector.get("matchLabels") or {})
    return detect_noop(found.stable["spec"]["template"], found.template, keys, running_digests(cluster, found.stable))


def _image(found: ReleaseObjects, template: Mapping[str, Any]) -> str:
    return str(found.released_container(template).get("image", ""))
