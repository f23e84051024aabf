"""Label and field selectors of list requests, and the selectors inside objects."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.kinds import Json

_SET = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s+\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s!=,()]+)$")


def labels_match(selector: str, labels: Mapping[str, str]) -> bool:
    """Return whether `labels` satisfy a selector string such as `app=shop,track in (a,b),!draining`."""
    return all(_one_matches(part.strip(), labels) for part in re.split(r",(?![^(]*\))", selector) if part.strip())


def _one_matches(part: str, labels: Mapping[str, str]) -> bool:
    if found := _SET.match(part):
        inside = labels.get(found["key"]) in {value.strip() for value in found["values"].split(",")}
        return inside if found["op"] == "in" else not inside
    if found := _EQUAL.match(part):
        same = labels.get(found["key"]) == found["value"]
        return same if found["op"] != "!=" else not same
    if found := _EXISTS.match(part):
        return (found["key"] in labels) != bool(found["not"])
    raise ApiError(400, f'unable to parse requirement: found "{part}"')


def fields_match(selector: str, item: Json) -> bool:
    """Return whether an object satisfies a field selector; any dotted path of plain strings is accepted."""
    for part in filter(None, (part.strip() for part in selector.split(","))):
        found = _EQUAL.match(part)
        if found is None:
            raise ApiError(400, f'invalid selector: "{part}"; can\'t understand it')
        value: object = item
        for key in found["key"].split("."):
            value = value.get(key, "") if isinstance(value, dict) else ""
        if (str(value) == found["value"]) == (found["op"] == "!="):
            return False
    return True


def selects(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Return whether a `LabelSelector` (matchLabels, matchExpressions) picks `labels`; an empty one picks nothing."""
    if not selector:
        return False
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    return all(labels.get(k) == v for k, v in wanted.items()) and all(_expression(e, labels) for e in expressions)


def _expression(expression: Json, labels: Mapping[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    answers = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return answers[operator]
