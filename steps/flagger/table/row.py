"""A row of the table: a field, its type, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from steps.flagger.account import Fate


class Type(StrEnum):
    """What a field holds; the value says it to a person."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    FLAG = "true or false"
    PORT = "a port's number or name"
    TEXTS = "`name: text` pairs"
    WEIGHTS = "`name: number` pairs"
    ANY = "anything"


@dataclass(frozen=True, slots=True)
class Row:
    """One field.

    Args:
        path: from the document's root; `[]` stands for an entry of a list, `{}` for a name in a map.
        type: of the field; None for a field that holds others, whose rows follow.
        fate: of a field that no part of the conversion decides; None: as the field that holds it.
        text: what it becomes, or the consequence, or reason and remedy.
        unless: values that are decided otherwise, with their text: they are taken.
        choices: all values that Flagger accepts; () for any.
        is_required: whether Flagger refuses a manifest without it.
        is_whole: the account has one line for this field and all that it holds.
    """

    path: str
    type: Type | None = None
    fate: Fate | None = None
    text: str = ""
    unless: Mapping[object, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    is_required: bool = False
    is_whole: bool = False


def rows(parent: str, kind: Type, names: str) -> tuple[Row, ...]:
    """Return rows of fields that share the fate of the field that holds them.

    Args:
        parent: path of that field.
        kind: type of all of them.
        names: separated by spaces; each may be a path below the parent.
    """
    return tuple(Row(f"{parent}.{name}", kind) for name in names.split())
