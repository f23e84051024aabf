"""Permissions: ask before anything moves whether this account may do all that the run will need."""

from collections.abc import Iterable

import structlog

from steps.cluster.api import Cluster
from steps.cluster.kinds import EVENT, VIRTUAL_SERVICE
from steps.errors import Forbidden
from steps.settings.conventions import Names
from steps.workload.rbac import WALKER, Permission

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ON_VIRTUAL_SERVICES = (
    Permission(VIRTUAL_SERVICE, ("get", "patch"), is_named=True),
    Permission(EVENT, ("create",), is_optional=True),
)


def check_permissions(cluster: Cluster, names: Names) -> None:
    """Ask by SelfSubjectAccessReview, and name everything that is missing in one error.

    Raises:
        Forbidden: a verb is missing; said with what to add.
    """
    missing: list[str] = []
    for entry in names.virtual_services:
        missing += _missing(cluster, entry.namespace, (entry.name,), _ON_VIRTUAL_SERVICES)
    missing += _missing(cluster, names.namespace, (names.stable, names.canary), WALKER)
    if missing:
        cause = f"it may not {'; '.join(missing)}. Add these verbs to its Role, see the README's RBAC."
        raise Forbidden("checking what this account may do", cause)


def _missing(
    cluster: Cluster, namespace: str, objects: tuple[str, ...], permissions: Iterable[Permission]
) -> list[str]:
    found = []
    for permission in permissions:
        kind = permission.kind
        resource = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
        for name in objects if permission.is_named else ("",):
            lacking = [verb for verb in permission.verbs if not cluster.may(verb, kind, namespace, name)]
            if lacking and permission.is_optional:
                log.warning("permission.missing", verbs=lacking, resource=resource, effect="this check is left out")
            elif lacking:
                found.append(
                    f"{' and '.join(lacking)} {resource} {f'{namespace}/{name}' if name else f'in {namespace}'}"
                )
    return found
