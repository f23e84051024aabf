"""The flags of a settings class, in groups by subject: the table behind the help and the completion of shells."""

import inspect
from functools import cache
from typing import get_origin

from pydantic.fields import FieldInfo

from steps.model.flags import Flag, Takes
from steps.settings.base import StepSettings
from steps.settings.placeholders import choices, placeholder

OWN = "This step"
"""Subject of the settings whose class names none."""

_ORDER = (
    "Release",
    OWN,
    "Preparation",
    "Ladder",
    "Judge",
    "Analysis",
    "Custom metrics",
    "Probes",
    "Promotion",
    "Workload",
    "Claim",
    "Prometheus",
    "Cluster",
    "Program",
)
"""Order of the groups; a subject that is not listed stands before the last three, which few people need."""

_TAKES = {"FILE": Takes.FILE, "PATH": Takes.FILE, "FOLDER": Takes.FOLDER}


@cache  # the script of a shell and the help ask for the same classes, and each has dozens of bases
def flags_of(kind: type[StepSettings]) -> tuple[Flag, ...]:
    """Return the flags of a settings class: the groups in order, in each of them the required flags first."""
    found = [_flag(kind, name, field) for name, field in kind.model_fields.items()]
    return tuple(sorted(found, key=lambda flag: (_rank(flag.subject), flag.subject, not flag.is_required)))


def default_text(default: object) -> str:
    """Return a default as the value of a parameter."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default)


def _flag(kind: type[StepSettings], name: str, field: FieldInfo) -> Flag:
    listed, stands = choices(field.annotation), placeholder(name, field.annotation)
    takes = Takes.CHOICE if listed else _TAKES.get(stands.partition(",")[0], Takes.VALUE)
    has_default = not field.is_required() and field.default is not False and field.default not in ("", None, (), {})
    return Flag(
        name=f"--{name.replace('_', '-')}",
        takes=Takes.NOTHING if field.annotation is bool else takes,
        placeholder=stands,
        choices=listed,
        description=field.description or "",
        subject=_subject(kind, name),
        default=default_text(field.default) if has_default else "",
        is_required=field.is_required(),
    )


def _subject(kind: type[StepSettings], name: str) -> str:
    """Return the subject of the class that a setting comes from, not of one that only changes it."""
    for one in reversed(kind.__mro__):
        if get_origin(one) is None and name in inspect.get_annotations(one):
            return str(vars(one).get("subject", OWN))
    return OWN


def _rank(subject: str) -> float:
    return _ORDER.index(subject) if subject in _ORDER else len(_ORDER) - 3.5
