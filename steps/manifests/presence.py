"""Whether objects exist already, asked one by one: an account may be allowed to read them and not to list them."""

import structlog

from steps.cluster.api import Cluster
from steps.cluster.kinds import ROLE
from steps.errors import Forbidden
from steps.manifests import accounts
from steps.manifests.manifest import Manifest
from steps.model.names import ReleaseNames

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def has_shipped_role(cluster: Cluster, names: ReleaseNames) -> bool:
    """Return whether the namespace has the Role of the shipped workflows."""
    try:
        return cluster.find(ROLE, names.namespace, accounts.WALKER) is not None
    except Forbidden:
        return False


def exists(cluster: Cluster, wanted: Manifest) -> bool:
    """Return whether an object exists; False with a warning if this account may not read it."""
    try:
        return cluster.find(wanted.kind, wanted.namespace, wanted.name) is not None
    except Forbidden as error:
        log.warning(
            "init.unseen", detail=f"{error}. {wanted.kind.name} {wanted.name} is printed, as it may be missing."
        )
        return False
