"""Permissions of the accounts on VirtualServices; prepare checks them, the shipped RBAC grants them."""

from typing import Final

from steps.cluster.kinds import DEPLOYMENT, DESTINATION_RULE, EVENT, SERVICE, VIRTUAL_SERVICE
from steps.cluster.permission import Permission

_TELL = Permission(EVENT, ("create",), is_optional=True)

READER: Final = (Permission(VIRTUAL_SERVICE, ("get",), is_named=True),)
"""report and a read-only analyze."""

WALKER: Final = (Permission(VIRTUAL_SERVICE, ("get", "patch"), is_named=True), _TELL)
"""prepare to rollback."""

WALKER_WITH_SUBSETS: Final = (*WALKER, Permission(DESTINATION_RULE, ("list",)))
"""As WALKER, where the arms are told apart by subset; in the VirtualService's namespace and in the host's."""

SWEEPER: Final = (
    Permission(VIRTUAL_SERVICE, ("list", "get", "patch")),
    _TELL,
    Permission(DESTINATION_RULE, ("list",), is_optional=True),
    Permission(SERVICE, ("list",), is_optional=True),
)
"""sweep finds expired claims by label, so names cannot narrow it. The optional lists tell which other routes lead to
the pods of a canary that it is about to stop."""

INFERENCE: Final = tuple(
    Permission(kind, ("list",), is_optional=True) for kind in (VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE, DEPLOYMENT)
)
"""Lists from which names are inferred, in the app's namespace alone; without them names are given or conventional."""
