"""The custom metric of canary.yaml that does what a query does, where that can be derived."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from steps.flagger.objectives import Names, chooses_namespace, means_canary
from steps.flagger.query_forms import Form, Matcher, Quantile, Ratio, Series

_OPPOSITE = {"!=": "=", "!~": "=~", "=": "!=", "=~": "!~"}


def suggestion(name: str, form: Form, bounds: Mapping[str, float], names: Names) -> str:
    """Return a line of canary.yaml with the custom metric, "" if none can be derived."""
    made = _histogram(form, bounds, names) if isinstance(form, Quantile) else _pair(form, names)
    if made is None:
        return ""
    return f"metrics: {json.dumps([{'name': _entry_name(name), **made}])}"


def _histogram(form: Quantile, bounds: Mapping[str, float], names: Names) -> dict[str, Any] | None:
    side = next((one for one in ("max", "min") if one in bounds), None)
    series = _series(form.buckets, names)
    if side is None or series is None or not form.scale:
        return None
    key = "above" if side == "max" else "below"
    return {"histogram": series, key: round(bounds[side] / form.scale, 9), **_arms(form.buckets, names)}


def _pair(form: Ratio, names: Names) -> dict[str, Any] | None:
    """Return bad and all; where the query counts the good, bad is what it leaves out."""
    if form.part.metric.endswith(("_sum", "_bucket")) or form.whole.metric.endswith(("_sum", "_bucket")):
        return None
    extra = form.part.matchers - form.whole.matchers
    negative = [one for one in extra if one.operator in {"!=", "!~"}]
    bad = form.part
    if form.part.metric == form.whole.metric and len(negative) == len(extra) == 1:
        flipped = replace(negative[0], operator=_OPPOSITE[negative[0].operator])
        bad = Series(form.part.metric, form.whole.matchers | {flipped})
    elif form.is_complement or negative:
        return None
    found = {"bad": _series(bad, names), "all": _series(form.whole, names)}
    if None in found.values():
        return None
    return {**found, **_arms(form.whole, names)}


def _series(series: Series, names: Names) -> dict[str, Any] | None:
    kept = [one for one in series.matchers if not means_canary(one, names) and not chooses_namespace(one)]
    if any(one.operator in {"!=", "!~"} for one in kept):
        return None
    exact = {one.label: one.value for one in _sorted(kept) if one.operator == "="}
    regex = {one.label: one.value for one in _sorted(kept) if one.operator == "=~"}
    return {"metric": series.metric, **({"match": exact} if exact else {}), **({"match-regex": regex} if regex else {})}


def _arms(series: Series, names: Names) -> dict[str, str]:
    """Return the label that tells the arms apart, as the query chooses the canary; {} for pods, the default."""
    for one in _sorted(series.matchers):
        if not means_canary(one, names) or "pod" in one.label:
            continue
        if f"{names.apex}-canary" in one.value.replace("\\", ""):
            values = {"stable-label-value": _primary(one.value, names), "canary-label-value": one.value}
            return {"arm-label": one.label, **({} if one.operator == "=~" else values)}
        return {"arm-label": one.label}
    return {}


def _primary(value: str, names: Names) -> str:
    return value.replace(f"{names.apex}-canary", f"{names.apex}-primary")


def _sorted(matchers: Iterable[Matcher]) -> list[Matcher]:
    return sorted(matchers, key=lambda one: (one.label, one.operator, one.value))


def _entry_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "custom"
