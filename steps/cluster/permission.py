"""One rule that an account needs, as RBAC writes it."""

from dataclasses import dataclass

from steps.cluster.kinds import Kind


@dataclass(frozen=True, slots=True)
class Permission:
    """Verbs on a kind of object.

    Args:
        kind: of object.
        verbs: as RBAC names them.
        is_named: whether RBAC can limit it to the names of the release's own objects.
        is_optional: whether a step only warns if it is missing.
    """

    kind: Kind
    verbs: tuple[str, ...]
    is_named: bool = False
    is_optional: bool = False
