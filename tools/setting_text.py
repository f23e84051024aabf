"""Sentences about one setting: what it means, which values are allowed, what holds where it is empty."""

from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from steps.settings.flags import default_text

_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


NOT_IN_FILE = "Not in canary.yaml."
"""What the description of a setting says that holds for one run alone."""


def description(field: FieldInfo, *, lists_choices: bool = True) -> str:
    """Return what a parameter of this setting means.

    Args:
        field: the setting.
        lists_choices: whether to list the choices; False where the form offers them in a list anyway.
    """
    allowed = allowed_range(field) or (allowed_choices(field) if lists_choices else "")
    sentences = [field.description or "", allowed]
    if has_default(field):
        where = "" if NOT_IN_FILE in (field.description or "") else "canary.yaml, else "
        sentences.append(f"Empty: {where}{default_text(field.default)}.")
    return " ".join(filter(None, sentences))


def is_required(field: FieldInfo) -> bool:
    """Tell whether the setting must be given."""
    return field.default is PydanticUndefined


def has_default(field: FieldInfo) -> bool:
    """Tell whether the setting has a default that can be printed."""
    return not is_required(field) and field.default not in ("", None, (), {})


def allowed_range(field: FieldInfo) -> str:
    """Return the range of a setting as a sentence, empty where it has none."""
    bounds = [
        f"{sign} {getattr(entry, key):g}"
        for entry in field.metadata
        for key, sign in _SIGNS.items()
        if getattr(entry, key, None) is not None
    ]
    return f"Allowed: {', '.join(bounds)}." if bounds else ""


def allowed_choices(field: FieldInfo) -> str:
    """Return the choices of a setting as a sentence, empty where it has none."""
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str) and choice]
    return f"Allowed: {', '.join(choices)}." if choices else ""
