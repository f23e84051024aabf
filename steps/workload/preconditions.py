"""What a Deployment must satisfy to be released safely (pure): refusals name object, field, value and remedy."""

from steps.cluster.api import Object
from steps.cluster.managing_tools import managing_tool
from steps.errors import PermanentError
from steps.workload.readiness import is_rolled_out


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


def check_stable(stable: Object, *, may_be_unready: bool) -> None:
    """Refuse a stable Deployment that a rollback could not restore.

    Raises:
        PermanentError: it keeps no history, has no replicas, or is not ready.
    """
    check_updatable(stable)
    check_history(stable, "an incomplete promote")
    name, spec, status = deployment_name(stable), stable["spec"], stable.get("status") or {}
    replicas = spec.get("replicas", 1)
    if may_be_unready:
        return
    if replicas == 0:
        raise PermanentError(f"checking {name}", "spec.replicas is 0: nothing serves. Scale it up first.")
    if not is_rolled_out(stable, replicas):
        raise PermanentError(
            f"checking {name}",
            f"it is not ready: {status.get('availableReplicas', 0)} of {replicas} pods available, "
            f"{status.get('updatedReplicas', 0)} of them with its present template. "
            f"Wait for its rollout (`kubectl rollout status deployment/{stable['metadata']['name']}`), "
            f"or release a hotfix.",
        )


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
