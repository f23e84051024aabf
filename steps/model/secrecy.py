"""What is secret in what this program prints: messages, logs and reports ask here, and nowhere else.

A value is secret by the name that leads to it (a password, a header, the value of an environment variable), or by its
form (user info and keys in a URL, a bearer token). What is secret is replaced by `***`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

HIDDEN: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"(?i)pass?w|token|secret|credential|header|authorization|cookie|api.?key|private.?key|(?<![a-z])env(?![a-z])"
    r"|template.?patch|last-applied-configuration|alertprovider.*address"
)
_PLAIN_NAME: Final = re.compile(
    r"(?i)(file|files|hosts?|name|namespace|registry.secret|config)\W*$|^(service)?account|secretref|envfrom|valuefrom"
)
"""Names of what only leads to a secret, such as the path of its file."""

_PATCHED_ENV: Final = re.compile(r"/env(/(-|\d+)(/value)?)?$")
_FORMS: Final = (
    (re.compile(r"(:/+)[^\s'\"<>]*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?<![^\s'\"=,(])[^\s'\"@/:,]+:(?!//)[^\s'\"@]*@(?!sha(?:256|512):)(?=[A-Za-z0-9\[])"), f"{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\",]+"), rf"\1 {HIDDEN}"),
    (
        re.compile(r"(?i)([?&;][^=&\s'\"]*(?:token|pass|secret|key|sig|auth|credential)[^=&\s'\"]*=)[^&\s'\"]*"),
        rf"\1{HIDDEN}",
    ),
)
_DEEPEST: Final = 40


def is_secret_name(name: str) -> bool:
    """Return whether the name of a setting, a field or a path leads to a secret."""
    return bool(_SECRET_NAME.search(name)) and not _PLAIN_NAME.search(name)


def without_secrets(text: str) -> str:
    """Return a text without user info, tokens and keys, as URLs and headers have them."""
    for form, hidden in _FORMS:
        text = form.sub(hidden, text)
    return text


def shown(name: str, value: Any) -> Any:  # noqa: ANN401 - values may be anything
    """Return a value as it may be printed under a name: of the same shape, and without secrets."""
    return _shown(name, value, 0)


def _shown(name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - as above
    if value is None or isinstance(value, bool) or value == "":
        return value
    if depth > _DEEPEST or (is_secret_name(name) and not isinstance(value, Mapping | list | tuple)):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return _of_mapping(name, value, depth)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_shown(name, one, depth + 1) for one in value]
    return value


def _of_mapping(name: str, value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
    """Hide by the names of the keys, in a patch of JSON also by its path; the names of variables stay."""
    if "op" in value and "path" in value:
        path = str(value["path"])
        name = "env" if _PATCHED_ENV.search(path) else path.rpartition("/")[2]
        return {key: one if key in {"op", "path"} else _shown(name, one, depth + 1) for key, one in value.items()}
    kept = {"name", "valueFrom"} if is_secret_name(name) else {"valueFrom"}
    return {key: one if key in kept else _shown(_joined(name, key), one, depth + 1) for key, one in value.items()}


def _joined(name: str, key: object) -> str:
    """Return the name of what a key leads to; below a secret name everything is secret."""
    return f"{name}.{key}." if is_secret_name(name) else str(key)
