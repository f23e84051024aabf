"""Identity of what is released: the canary's ReplicaSet, its template and the image digests its pods run."""

from collections.abc import Collection, Sequence

from steps.cluster.api import Cluster, Object
from steps.cluster.connection import USER_AGENT
from steps.cluster.kinds import DEPLOYMENT
from steps.cluster.managing_tools import describe_manager
from steps.errors import ForeignWrite, TemporaryError
from steps.model.run import Pin, WorkloadState
from steps.workload import label_selectors as label
from steps.workload.pods import current_pods, current_replica_set, is_ready
from steps.workload.template import containers, fingerprint


def digest_of(image_id: str) -> str:
    """Return the digest of a container status' `imageID`, or the whole id where the runtime gives none."""
    return image_id.rpartition("@")[2].removeprefix("docker://")


def digests_of(pods: Sequence[Object], names: Collection[str]) -> dict[str, set[str]]:
    """Return what ready pods run: container name → digests, more than one where the pods do not agree."""
    found: dict[str, set[str]] = {}
    for pod in pods:
        status = pod.get("status") or {}
        if not is_ready(pod):
            continue
        for entry in [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]:
            if entry["name"] in names and entry.get("imageID"):
                found.setdefault(str(entry["name"]), set()).add(digest_of(str(entry["imageID"])))
    return found


def running_digests(cluster: Cluster, deployment: Object) -> dict[str, set[str]]:
    """Return what the ready pods of a Deployment's present template run."""
    names = {str(entry["name"]) for entry in containers(deployment["spec"]["template"])}
    return digests_of(current_pods(cluster, deployment), names)


def arm_label_keys(*deployments: Object | None) -> set[str]:
    """Return the label keys that tell the arms apart: those the Deployments select by."""
    return {key for entry in deployments if entry is not None for key in label.keys(entry["spec"]["selector"])}


def pin_canary(cluster: Cluster, workloads: WorkloadState) -> Pin:
    """Pin the canary as it runs now; its pods should be ready.

    Raises:
        TemporaryError: the ReplicaSet or the digests are not known yet, or the pods run different digests.
        NotFound: a Deployment is missing.
    """
    canary = cluster.get(DEPLOYMENT, workloads.namespace, workloads.canary)
    stable = cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable)
    template = fingerprint(canary["spec"]["template"], arm_label_keys(stable, canary))
    if cluster.is_dry_run:
        return Pin("", template, {})
    doing = f"pinning what Deployment {workloads.namespace}/{workloads.canary} runs"
    replica_set = current_replica_set(cluster, canary)
    if replica_set is None:
        raise TemporaryError(doing, "its ReplicaSet does not exist yet. Run the step again when its pods are ready.")
    digests = running_digests(cluster, canary)
    _check_complete(digests, canary, doing)
    return Pin(replica_set["metadata"]["name"], template, {name: min(found) for name, found in digests.items()})


def check_pin(cluster: Cluster, workloads: WorkloadState, wanted: Pin) -> None:
    """Refuse if the canary is no longer the pinned one.

    Raises:
        ForeignWrite: its template, its ReplicaSet or its digests changed; names the last manager of the template.
        NotFound: it is gone.
    """
    if cluster.is_dry_run:
        return
    canary = cluster.get(DEPLOYMENT, workloads.namespace, workloads.canary)
    stable = cluster.get(DEPLOYMENT, workloads.namespace, workloads.stable)
    doing = f"checking that Deployment {workloads.namespace}/{workloads.canary} is what was judged"
    remedy = "What runs now was not judged: roll back and release it again."
    template = fingerprint(canary["spec"]["template"], arm_label_keys(stable, canary))
    if template != wanted.template_hash:
        raise ForeignWrite(doing, f"{last_writer(canary)} changed its pod template in the meantime. {remedy}")
    found = current_replica_set(cluster, canary)
    name = found["metadata"]["name"] if found is not None else "none"
    if name != wanted.replica_set:
        raise ForeignWrite(
            doing, f"its ReplicaSet is {name}, but {wanted.replica_set} was judged: its pods were restarted. {remedy}"
        )
    other = digest_differences(running_digests(cluster, canary), wanted.digests)
    if other:
        raise ForeignWrite(doing, f"its pods run different image digests: {other}. {remedy}")


def digest_differences(running: dict[str, set[str]], wanted: dict[str, str]) -> str:
    """Return the containers whose ready pods run other digests than wanted, as text; "" for none."""
    other = {
        name: found - {wanted[name]} for name, found in running.items() if name in wanted and found != {wanted[name]}
    }
    return "; ".join(
        f"container {name} has {', '.join(sorted(found))} instead of {wanted[name]}" for name, found in other.items()
    )


def last_manager(deployment: Object) -> str:
    """Return who wrote the Deployment's pod template last, as the API server noted it."""
    return next(iter(_managers(deployment)), "somebody")


def last_writer(deployment: Object) -> str:
    """Return who changed a pod template that is not as we wrote it, as messages name it: "argocd-controller (Argo CD)".

    Our own entry may be newer, for another field; then it is not the one to blame.
    """
    others = (name for name in _managers(deployment) if name != USER_AGENT)
    return describe_manager(next(others, last_manager(deployment)))


def _managers(deployment: Object) -> list[str]:
    """Return those who set fields of the pod template, the latest first."""
    writers = [
        entry
        for entry in deployment["metadata"].get("managedFields") or []
        if "f:template" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    # Times have whole seconds; of equal ones the server lists the newest last.
    by_time = sorted(writers, key=lambda entry: str(entry.get("time") or ""))
    return [str(entry.get("manager") or "somebody") for entry in reversed(by_time)]


def _check_complete(digests: dict[str, set[str]], deployment: Object, doing: str) -> None:
    missing = sorted({str(entry["name"]) for entry in containers(deployment["spec"]["template"])} - set(digests))
    if missing:
        raise TemporaryError(doing, f"no ready pod reports the image digest of container {', '.join(missing)} yet.")
    for name, found in digests.items():
        if len(found) > 1:
            raise TemporaryError(
                doing,
                f"its pods run different digests in container {name}: {', '.join(sorted(found))}. The tag moved while "
                f"they started: restart them (`kubectl rollout restart deployment/{deployment['metadata']['name']}`), "
                f"or release the image by digest.",
            )
