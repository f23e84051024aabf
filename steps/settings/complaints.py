"""How a bad value is reported: where it came from, the value, and what is allowed, in words of this program."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic.fields import FieldInfo

from steps.model.secrecy import HIDDEN, is_secret_name, shown, without_secrets

_BOUNDS = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}
_MAX_SHOWN = 200


def complaint(origin: str, error: Any, field: FieldInfo | None) -> str:  # noqa: ANN401 - pydantic's error details
    """Return one line about one bad value.

    Args:
        origin: the flag, variable or line of canary.yaml it came from.
        error: as pydantic gives it.
        field: of the settings class, for the allowed range.
    """
    rest = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"][1:])
    said = "nothing" if error["type"] == "missing" else _shown(f"{origin}{rest}", error["input"])
    return f"{origin}{rest} = {said}: {without_secrets(_allowed(error, field if not rest else None))}"


def unknown_setting(name: str, value: object, known: Iterable[str]) -> str:
    """Return one line about a setting that does not exist, with the ones that may have been meant."""
    names = sorted(one.replace("_", "-") for one in known)
    close = get_close_matches(name.replace("_", "-"), names, n=3)
    remedy = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(names)}"
    # Text is not repeated: a misspelt name does not say whether it is a secret.
    return f"{name} = {HIDDEN if _has_text(value) else _shown(name, value)}: no such setting; {remedy}"


def refused_arguments(said: str, arguments: Iterable[str], known: Iterable[str]) -> str:
    """Return one line about arguments that the parser refuses; no value stands in it.

    Args:
        said: by argparse.
        arguments: as they were given.
        known: names of the step's settings.
    """
    said = said.removeprefix("error parsing CLI: ")
    flags = [f"--{one.replace('_', '-')}" for one in known]
    if said.startswith(("unrecognized", "ambiguous")):
        given = [one.partition("=")[0] for one in arguments if one.startswith("-")]
        strange = [one for one in given if one not in flags and one.replace("--no-", "--", 1) not in flags]
        return _no_such_flag(strange, flags)
    if "expected one argument" in said:
        return f"{said}; a value that begins with - is written --flag=value; see --help"
    # "argument --flag: ignored explicit argument 'value'": a switch.
    where, _, _ = said.partition(": ")
    return f"{where}: the value does not fit; see --help"


def _no_such_flag(strange: Sequence[str], flags: Sequence[str]) -> str:
    if not strange:
        return "there is text that belongs to no flag: quote a value that has blanks; see --help"
    close = [near for flag in strange for near in get_close_matches(flag, flags, n=2)]
    remedy = f"did you mean {' or '.join(dict.fromkeys(close))}? " if close else ""
    return f"no such flag: {', '.join(strange)}; {remedy}see --help"


def _shown(name: str, value: object) -> str:
    """Return a value as messages show it: short, and without what may be a secret."""
    if _holds_secrets(name, value):
        return HIDDEN
    text = repr(shown(name, value))
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _has_text(value: object) -> bool:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, str) or any(map(_has_text, values))


def _holds_secrets(name: str, value: object) -> bool:
    """Return whether nothing of a value may be shown: by its name, or as a whole that has such parts."""
    # A probe's headers and body may log in; a message about one of its other fields shows that field.
    is_whole = re.search(r"(?i)probes(\[\d+\])?$|probes\[\d+\]\.body", name) is not None
    return (is_whole or is_secret_name(name.replace("_", "-"))) and value not in (None, "", [], {})


def _allowed(error: Any, field: FieldInfo | None) -> str:  # noqa: ANN401 - pydantic's error details
    kind = str(error["type"])
    said = str(error["msg"]).removeprefix("Value error, ")
    said = f"{said[0].lower()}{said[1:]}"
    if kind.startswith(("int_", "float_", "greater_than", "less_than")):
        noun = "a whole number" if field is not None and "int" in str(field.annotation) else "a number"
        return " ".join(["must be", noun, _range(field) or _limit(error)]).rstrip()
    if kind.startswith("string_pattern") and field is not None:
        return f"must match {error['ctx']['pattern']} ({field.description})"
    if kind.startswith("string_pattern"):
        return f"must match {error['ctx']['pattern']}"
    known = {
        "missing": "this entry is required",
        "extra_forbidden": "no such setting here",
        "tuple_type": "must be a list, or text with commas",
        "dict_type": "must be `name: value` pairs",
        "string_type": "must be text; put it in quotes",
        "bool_parsing": "must be true or false",
        "bool_type": "must be true or false",
    }
    return known.get(kind, said)


def _limit(error: Any) -> str:  # noqa: ANN401 - pydantic's error details
    """Return the one limit that was broken, for values inside a list."""
    broken = [text.format(f"{error['ctx'][name]:g}") for name, text in _BOUNDS.items() if name in error.get("ctx", {})]
    return " and ".join(broken)


def _range(field: FieldInfo | None) -> str:
    found = [
        text.format(f"{getattr(entry, name):g}")
        for entry in (field.metadata if field is not None else ())
        for name, text in _BOUNDS.items()
        if getattr(entry, name, None) is not None
    ]
    return " and ".join(found)
