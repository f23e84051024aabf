"""Label selectors: what they match, and how queries and messages write them (pure)."""

from collections.abc import Mapping
from typing import Any

Selector = Mapping[str, Any]


def matches(selector: Selector | None, labels: Mapping[str, str]) -> bool:
    """Return whether a LabelSelector matches labels; None matches nothing, {} everything."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression_holds(entry, labels) for entry in selector.get("matchExpressions") or [])


def contains(required: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Return whether labels contain all required ones, as a Service selects; no requirement matches nothing."""
    return bool(required) and required.items() <= labels.items()


def keys(selector: Selector) -> set[str]:
    """Return the label keys that a LabelSelector looks at."""
    expressions = selector.get("matchExpressions") or []
    return set(selector.get("matchLabels") or {}) | {str(entry["key"]) for entry in expressions}


def as_query(selector: Selector) -> str:
    """Return a LabelSelector as the `labelSelector` of a list request."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for entry in selector.get("matchExpressions") or []:
        values = ",".join(entry.get("values") or [])
        match entry["operator"]:
            case "In":
                parts.append(f"{entry['key']} in ({values})")
            case "NotIn":
                parts.append(f"{entry['key']} notin ({values})")
            case "Exists":
                parts.append(str(entry["key"]))
            case _:
                parts.append(f"!{entry['key']}")
    return ",".join(parts)


def as_yaml(labels: Mapping[str, str], indent: int = 2) -> str:
    """Return labels as YAML lines for a person to copy; values are quoted, since "1.0" and "true" need it."""
    return "\n".join(f'{" " * indent}{key}: "{value}"' for key, value in sorted(labels.items()))


def as_text(labels: Mapping[str, str]) -> str:
    """Return labels on one line."""
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "none"


def _expression_holds(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = entry["key"], entry.get("values") or []
    match entry["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
