"""What a Deployment must satisfy to be released safely (pure): refusals name object, field, value and remedy."""

from math import ceil
from typing import Final

from steps.cluster.api import Object
from steps.cluster.managing_tools import managing_tool
from steps.errors import PermanentError, TemporaryError
from steps.workload.readiness import is_settled

MOST_PODS: Final = 0.9
"""Part of stable's pods (0-1) that must be available where no setting says otherwise."""

_ROUNDING: Final = 1e-9
"""0.7 of 10 pods are 7, although floats may say a little more."""

_WAIT_OR_HOTFIX: Final = (
    "See `kubectl rollout status deployment/{name}`. If stable is broken, release a version that repairs it with "
    '--hotfix --reason "why".'
)


def deployment_name(deployment: Object) -> str:
    """Return "Deployment namespace/name"."""
    return f"Deployment {deployment['metadata'].get('namespace', '')}/{deployment['metadata']['name']}"


def check_updatable(deployment: Object) -> None:
    """Refuse a Deployment of either arm that cannot be updated safely.

    Raises:
        PermanentError: its strategy is `Recreate`, or it is paused.
    """
    name, spec = deployment_name(deployment), deployment["spec"]
    if (spec.get("strategy") or {}).get("type") == "Recreate":
        raise PermanentError(
            f"checking {name}",
            "spec.strategy.type is Recreate: an update takes all its pods down at once. Set it to RollingUpdate.",
        )
    if spec.get("paused"):
        raise PermanentError(
            f"checking {name}",
            f"spec.paused is true: no update would reach its pods. "
            f"Run `kubectl rollout resume deployment/{deployment['metadata']['name']}`.",
        )


def check_history(deployment: Object, after: str) -> None:
    """Refuse a Deployment whose present template could not be restored after what `after` names.

    Raises:
        PermanentError: it keeps no old ReplicaSets.
    """
    if deployment["spec"].get("revisionHistoryLimit", 10) == 0:
        raise PermanentError(
            f"checking {deployment_name(deployment)}",
            f"spec.revisionHistoryLimit is 0: its present template could not be restored after {after}. "
            f"Set it to 1 or more.",
        )


def check_stable(stable: Object, available_share: float = 1.0, *, may_be_unready: bool) -> None:
    """Refuse a stable Deployment that a rollback could not restore.

    Args:
        stable: the Deployment.
        available_share: part of its pods (0-1) that must be available.
        may_be_unready: whether pods need not be ready (hotfix).

    Raises:
        PermanentError: it keeps no history, or has no replicas. TemporaryError: it is not ready.
    """
    check_updatable(stable)
    check_history(stable, "an incomplete promote")
    name, replicas = deployment_name(stable), stable["spec"].get("replicas", 1)
    if replicas == 0:
        raise PermanentError(
            f"checking {name}",
            "spec.replicas is 0: nothing serves, and the canary's size follows from it. Scale it up first; for a "
            "hotfix (--hotfix) its pods need not become ready.",
        )
    if not may_be_unready and (what := unready(stable, available_share)):
        remedy = _WAIT_OR_HOTFIX.format(name=stable["metadata"]["name"])
        raise TemporaryError(f"checking {name}", f"it is not ready: {what}. {remedy}")


def unready(stable: Object, available_share: float) -> str:
    """Return what stable lacks, "" if it is ready: half a sentence with the counts of its pods."""
    status, replicas = stable.get("status") or {}, stable["spec"].get("replicas", 1)
    needed = pods_needed(replicas, available_share)
    if is_settled(stable, replicas, needed):
        return ""
    updated, pods = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return (
        f"{status.get('availableReplicas', 0)} of {replicas} pods available, where {needed} are needed "
        f"(--stable-available {available_share:g}), {updated} of {pods} with its present template"
    )


def pods_needed(replicas: int, available_share: float) -> int:
    """Return how many of so many pods must be available: at least one."""
    return max(1, ceil(replicas * available_share - _ROUNDING))


def check_volumes(deployment: Object, claims: dict[str, Object | None]) -> None:
    """Refuse volumes that only one node or one pod can mount.

    Args:
        deployment: whose template is checked.
        claims: PersistentVolumeClaim by name, None where it does not exist.

    Raises:
        PermanentError: a claim is missing, or ReadWriteOnce or ReadWriteOncePod.
    """
    name = deployment_name(deployment)
    for claim, found in claims.items():
        if found is None:
            raise PermanentError(f"checking {name}", f"its PersistentVolumeClaim {claim} does not exist. Create it.")
        modes = set((found.get("spec") or {}).get("accessModes") or [])
        if modes and not modes & {"ReadWriteMany", "ReadOnlyMany"}:
            raise PermanentError(
                f"checking {name}",
                f"PersistentVolumeClaim {claim} has spec.accessModes {', '.join(sorted(modes))}: both arms cannot "
                f"mount it at the same time. Use a ReadWriteMany or ReadOnlyMany volume, or none.",
            )


def check_manager(deployment: Object, *, allowed: bool, remedy: str) -> None:
    """Refuse to write a template that a GitOps tool would overwrite.

    Raises:
        PermanentError: Argo CD, Flux, Helm or another such tool manages the Deployment.
    """
    tool, evidence = managing_tool(deployment)
    if tool and not allowed:
        raise PermanentError(
            f"checking {deployment_name(deployment)}",
            f"{evidence} say that {tool} manages it: a template written by us would be undone, "
            f"or conflict with the next release. {remedy}, or override this with --allow-managed.",
        )
