"""Target-named: make the serving Deployment from the one that people deploy, where the app is new to releases."""

from collections.abc import Mapping

import structlog

from steps.claim.deployments import ClaimedDeployments
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, SERVICE
from steps.cluster.refusals import Conflict
from steps.errors import NotFound, PermanentError
from steps.model.run import WorkloadState
from steps.model.workload import Release, Topology
from steps.workload import label_selectors as label
from steps.workload.arm_selectors import ArmSelectors, canary_labels, canary_selector
from steps.workload.capacity import autoscaler_of, scale_to_zero
from steps.workload.clone import Clone, clone_manifest
from steps.workload.preconditions import check_updatable, deployment_name
from steps.workload.release_objects import service_name_of
from steps.workload.template import RESTARTED, with_labels

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def make_stable(cluster: Cluster, release: Release) -> bool:
    """Create the serving Deployment from the one that people deploy, if it does not exist; it has no users yet.

    It belongs to that Deployment, so that the garbage collector removes both together.

    Args:
        cluster: the API server.
        release: its names; only target-named releases have such a Deployment.

    Returns:
        Whether it was created here.

    Raises:
        NotFound: what people deploy does not exist either.
        PermanentError: no label tells the pods of both apart.
    """
    if release.topology is not Topology.TARGET_NAMED:
        return False
    if cluster.find(DEPLOYMENT, release.namespace, release.stable) is not None:
        return False
    deployed = cluster.find(DEPLOYMENT, release.namespace, release.canary)
    if deployed is None:
        raise NotFound(
            f"looking for Deployment {release.namespace}/{release.canary}, from which {release.stable} is made",
            "it does not exist. Deploy it, or check the names.",
        )
    check_updatable(deployed)
    made = _manifest(deployed, release, release.stable_labels or _required(cluster, release))
    try:
        cluster.create(DEPLOYMENT, release.namespace, made)
    except Conflict:
        return False  # another process made it in the meantime
    replicas = made["spec"]["replicas"]
    log.info("bootstrap.made", deployment=release.stable, source=release.canary, replicas=replicas)
    _warn_of_autoscaler(cluster, release)
    return True


def rest_canary(cluster: Cluster, fence: ClaimedDeployments, workloads: WorkloadState) -> str:
    """Scale the canary to 0 outside any run, and own nothing of it, so that the next apply meets no conflict with us.

    Raises:
        NotOwnerError: a run claimed it in the meantime.
    """
    sentence = scale_to_zero(cluster, fence, workloads, workloads.canary, None)
    fence.disown(workloads.namespace, [workloads.canary])
    return sentence


def _manifest(deployed: Object, release: Release, requires: Mapping[str, str]) -> Object:
    meta, spec = deployed["metadata"], deployed["spec"]
    pods = spec["template"]["metadata"].get("labels") or {}
    arm = ArmSelectors(meta["name"], spec["selector"], pods, "", {}, {})
    labels = canary_labels(arm, release.stable, requires)
    if not requires and label.matches(spec["selector"], labels):
        # No label has the Deployment's name: the other arm needs one that differs.
        chosen = spec["selector"].get("matchLabels") or {}
        labels = {**labels, "app" if "app" in chosen else min(chosen, default="app"): release.stable}
    if label.matches(spec["selector"], labels):
        raise PermanentError(
            f"making Deployment {release.namespace}/{release.stable} from {release.canary}",
            f"the spec.selector of {deployment_name(deployed)} would match the pods of both: {label.as_text(labels)}."
            " Name a label that tells them apart with --stable-labels, for example version=v1.",
        )
    template = with_labels(_without_restart(spec["template"]), labels)
    changed = {key: value for key, value in labels.items() if pods.get(key) != value}
    clone = Clone(release.stable, template, canary_selector(arm, labels, changed))
    made = clone_manifest(deployed, clone, {})
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": DEPLOYMENT.api_version, "kind": DEPLOYMENT.name, "name": meta["name"], "uid": meta["uid"]}
    ]
    return {**made, "spec": {**made["spec"], "replicas": max(1, int(spec.get("replicas", 1)))}}


def _without_restart(template: Object) -> Object:
    annotations = template["metadata"].get("annotations") or {}
    kept = {key: value for key, value in annotations.items() if key != RESTARTED}
    return {**template, "metadata": {**template["metadata"], "annotations": kept}} if annotations else template


def _required(cluster: Cluster, release: Release) -> dict[str, str]:
    service = cluster.find(SERVICE, release.namespace, service_name_of(release.stable_destination))
    selector = ((service or {}).get("spec") or {}).get("selector") or {}
    return {**selector, **release.stable_subset}


def _warn_of_autoscaler(cluster: Cluster, release: Release) -> None:
    scaler = autoscaler_of(cluster, release.namespace, release.canary)
    if scaler is not None:
        log.warning(
            "bootstrap.autoscaler",
            detail=f"HorizontalPodAutoscaler {scaler['metadata']['name']} scales {release.canary}, which serves only"
            f" during releases: let spec.scaleTargetRef.name be {release.stable}.",
        )
