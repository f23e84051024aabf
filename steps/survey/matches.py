"""What a route matches, in words (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any

from steps.cluster.api import Object

_TEXTS = ("uri", "method", "authority", "scheme")


def described_match(route: Mapping[str, Any]) -> str:
    """Return which requests take a route: "header x-tester exact yes or uri prefix /new", or "every request"."""
    shown = [" and ".join(_conditions(one)) for one in route.get("match") or []]
    return " or ".join(one for one in shown if one) or "every request"


def hosts_of(obj: Object) -> str:
    """Return the hosts of a VirtualService."""
    return ", ".join(str(one) for one in (obj.get("spec") or {}).get("hosts") or []) or "no host of its own"


def _conditions(match: Mapping[str, Any]) -> Iterator[str]:
    for key in ("headers", "withoutHeaders", "queryParams"):
        for name, value in (match.get(key) or {}).items():
            what = {"headers": "header", "withoutHeaders": "no header", "queryParams": "query"}[key]
            word = "cookie" if name.lower() == "cookie" and what == "header" else f"{what} {name}"
            yield f"{word} {_value(value)}".rstrip()
    for key in _TEXTS:
        if match.get(key):
            yield f"{key} {_value(match[key])}"
    if match.get("port"):
        yield f"port {match['port']}"
    for key in ("sourceLabels", "gateways", "sourceNamespace"):
        if match.get(key):
            yield f"{key} {match[key]}"


def _value(value: Any) -> str:  # noqa: ANN401 - as YAML has it
    return " ".join(f"{how} {text}" for how, text in value.items()) if isinstance(value, Mapping) else str(value)
