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
_WORD: Final = re.compile(r"[^\s'\"<>]++")
_USER_INFO: Final = re.compile(
    r"(?<![^\s'\"=,(])[^\s'\"@/:,]{1,500}+:(?!//)[^\s'\"@]{0,1000}@(?!sha(?:256|512):)(?=[A-Za-z0-9\[])"
)
_SCHEME: Final = re.compile(r"(?i)\b(bearer|basic)\s++[^\s'\",]+")
_PARAMETER: Final = re.compile(r"(?<![^=&\s'\"])([^=&\s'\"]++)=")
_VALUE: Final = re.compile(r"[^&\s'\"]*+")
_SECRET_PARAMETER: Final = re.compile(r"(?i)token|pass|secret|key|sig|auth|credential")
"""The text may be a stranger's, and long: each pattern looks at a character once, or a bounded number of times."""

_DEEPEST: Final = 40


def is_secret_name(name: str) -> bool:
    """Return whether the name of a setting, a field or a path leads to a secret."""
    return bool(_SECRET_NAME.search(name)) and not _PLAIN_NAME.search(name)


def without_secrets(text: str) -> str:
    """Return a text without user info, tokens and keys, as URLs and headers have them."""
    text = _WORD.sub(_without_authority, text)
    text = _USER_INFO.sub(f"{HIDDEN}@", text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    return _without_parameters(text)


def _without_authority(word: re.Match[str]) -> str:
    """Hide what stands between the slashes of a URL and its last @."""
    text = word[0]
    begin, end = text.find(":/"), text.rfind("@")
    if begin < 0 or end < begin:
        return text
    slashes = len(text) - begin - 1 - len(text[begin + 1 :].lstrip("/"))
    return f"{text[: begin + 1 + slashes]}{HIDDEN}{text[end:]}"


def _without_parameters(text: str) -> str:
    """Hide the values of a URL's parameters by their names."""
    kept, done = [], 0
    for parameter in _PARAMETER.finditer(text):
        if parameter.start() >= done and _is_secret_parameter(parameter):
            kept += [text[done : parameter.end()], HIDDEN]
            done = next(_VALUE.finditer(text, parameter.end())).end()  # there is one: it also matches nothing
    return "".join([*kept, text[done:]])


def _is_secret_parameter(parameter: re.Match[str]) -> bool:
    """Return whether a name of a parameter, which begins after one of ?&;, leads to a secret."""
    name, before = parameter[1], parameter.string[max(0, parameter.start() - 1) : parameter.start()]
    begin = 0 if before == "&" else min((at for at in (name.find("?"), name.find(";")) if at >= 0), default=-1)
    return begin >= 0 and _SECRET_PARAMETER.search(name, begin) is not None


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
