"""What traffic needs to be allowed, for prepare's questions to the API server and for the RBAC manifests."""

from dataclasses import dataclass
from typing import Final

from steps.cluster.kinds import DESTINATION_RULE, EVENT, VIRTUAL_SERVICE, Kind


@dataclass(frozen=True, slots=True)
class Access:
    """One verb on one kind.

    Args:
        verb: as RBAC names it.
        kind: of the objects.
        named: whether the rule can be narrowed to the VirtualServices' names.
    """

    verb: str
    kind: Kind
    named: bool = False


WALKER: Final = (Access("get", VIRTUAL_SERVICE, named=True), Access("patch", VIRTUAL_SERVICE, named=True))
"""prepare to rollback cannot do without these."""

WALKER_WITH_SUBSETS: Final = (*WALKER, Access("list", DESTINATION_RULE))
"""As WALKER, where the arms are told apart by subset; in the VirtualService's namespace and in the host's."""

SWEEPER: Final = (Access("list", VIRTUAL_SERVICE), Access("get", VIRTUAL_SERVICE), Access("patch", VIRTUAL_SERVICE))
"""sweep finds expired claims by label, so names cannot narrow it."""

READER: Final = (Access("get", VIRTUAL_SERVICE, named=True),)
"""report and a read-only analyze."""

WELCOME: Final = (Access("create", EVENT),)
"""Without these a step works and logs what it could not do."""
