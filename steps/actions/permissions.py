"""Check before anything changes that this account has all permissions the run will need."""

from collections.abc import Iterable

import structlog

from steps.cluster.api import Cluster
from steps.cluster.kinds import SERVICE
from steps.cluster.permission import Permission
from steps.errors import Forbidden
from steps.model.names import ReleaseNames
from steps.traffic import rbac as traffic
from steps.workload import rbac as workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def check_permissions(cluster: Cluster, names: ReleaseNames, *, baseline: bool) -> None:
    """Check by SelfSubjectAccessReview, and name all missing permissions in one error.

    Args:
        cluster: the API server.
        names: of the release.
        baseline: whether the canary gets a baseline.

    Raises:
        Forbidden: a verb is missing; names the verbs to add.
    """
    missing: list[str] = []
    by_subset = names.stable_destination.subset or names.canary_destination.subset
    for entry in names.virtual_services:
        needed = traffic.WALKER_WITH_SUBSETS if by_subset else traffic.WALKER
        missing += _missing(cluster, entry.namespace, (entry.name,), needed)
    deployments = (names.stable, names.canary, *((names.baseline,) if baseline else ()))
    hosts = (names.stable_destination.host, names.canary_destination.host)
    services = tuple(dict.fromkeys(host.partition(".")[0] for host in hosts))
    for permission in workload.WALKER:
        own = services if permission.kind == SERVICE else deployments
        missing += _missing(cluster, names.namespace, own, (permission,))
    _missing(cluster, names.namespace, (), traffic.INFERENCE, "names are not inferred, and routes beside are not seen")
    if missing:
        cause = f"it may not {'; '.join(missing)}. Add these verbs to its Role, see the README's RBAC."
        raise Forbidden("checking what this account may do", cause)


def _missing(
    cluster: Cluster,
    namespace: str,
    objects: tuple[str, ...],
    permissions: Iterable[Permission],
    effect: str = "this check is skipped",
) -> list[str]:
    found = []
    for permission in permissions:
        kind = permission.kind
        resource = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
        for name in objects if permission.is_named else ("",):
            lacking = [verb for verb in permission.verbs if not cluster.may(verb, kind, namespace, name)]
            if lacking and permission.is_optional:
                log.warning("permission.missing", verbs=lacking, resource=resource, effect=effect)
            elif lacking:
                found.append(
                    f"{' and '.join(lacking)} {resource} {f'{namespace}/{name}' if name else f'in {namespace}'}"
                )
    return found
