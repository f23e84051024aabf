"""Objects that depend on Helm values: parts that exist under a condition, and expressions in place of values."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

Json = dict[str, Any]


class _Sign(Enum):
    """Nothing at all, as opposed to null."""

    ABSENT = auto()


ABSENT: Final = _Sign.ABSENT


class Expression(str):
    """What stands between {{ and }} in a Helm template."""

    __slots__ = ()


@dataclass(frozen=True)
class When:
    """An entry of a mapping or of a list that exists only under a condition.

    Attributes:
        condition: a Helm expression, such as `.Values.sweep.enabled`.
        value: the entry while the condition holds.
        otherwise: the entry while it does not hold; ABSENT: there is none.
    """

    condition: str
    value: object
    otherwise: object = ABSENT


def patched(document: Json, operations: Sequence[Mapping[str, Any]], condition: str) -> Json:
    """Return a document in which JSON Patch operations take effect under a condition.

    Args:
        document: an object, which may have conditional parts already.
        operations: `test`, `add` and `replace`; the targets of `add` must not exist yet.
        condition: a Helm expression.

    Raises:
        ValueError: an operation does not fit the document: a component and its base have come apart.
    """
    found = deepcopy(document)
    for one in operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in one["path"].split("/")[1:]]
        parent: Any = found
        for part in parents:
            parent = _child(parent, part)
        is_test = one["op"] == "test"
        if not (_child(parent, last) == one["value"] if is_test else _change(parent, last, one, condition)):
            raise ValueError(f"the patch {dict(one)} does not fit {document['kind']} {document['metadata']['name']}")
    return found


def replaced(value: object, old: str, new: object) -> object:
    """Return a value in which another one stands for a text, wherever it occurs as a whole."""
    if isinstance(value, When):
        otherwise = value.otherwise if value.otherwise is ABSENT else replaced(value.otherwise, old, new)
        return When(value.condition, replaced(value.value, old, new), otherwise)
    if isinstance(value, Mapping):
        return {name: replaced(entry, old, new) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [replaced(entry, old, new) for entry in value]
    return new if value == old else value


def _change(parent: Any, last: str, operation: Mapping[str, Any], condition: str) -> bool:  # noqa: ANN401 - JSON
    if isinstance(parent, list):
        if operation["op"] == "add" and last == "-":
            parent.append(When(condition, operation["value"]))
            return True
        return False
    if (operation["op"] == "add") == (last in parent):
        return False
    parent[last] = When(condition, operation["value"], parent.get(last, ABSENT))
    return True


def _child(parent: Any, part: str) -> Any:  # noqa: ANN401 - JSON
    found = parent[int(part)] if isinstance(parent, list) else parent[part]
    return found.value if isinstance(found, When) else found
