"""Metrics of an analysis as objectives of the judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from steps.flagger.account import Fate, Line, Part, shown
from steps.flagger.custom_metric import suggestion
from steps.flagger.documents import name_of, namespace_of
from steps.flagger.objectives import BUILT_IN, PERCENT, Latency, Names, SuccessShare, recognised
from steps.flagger.query_forms import rendered

Json = Mapping[str, Any]

_NEARLY_ALL: Final = 0.9999
"""success-slo stays below 1: with 1, one failure of a million would keep every release from passing."""


@dataclass(slots=True)
class _Found:
    """Objectives so far, with the paths that they come from."""

    success: float | None = None
    latency: tuple[float, float] | None = None
    origins: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    servers: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, value: object, fate: Fate, text: str) -> None:
        self.lines.append(Line(path, shown(value) if value is not None else "", fate, text))

    def part(self) -> Part:
        settings: dict[str, Any] = {}
        if self.success is not None:
            settings["success_slo"] = self.success
        if self.latency is not None:
            settings["latency_slo"] = f"p{plain(self.latency[0] * PERCENT)}={plain(self.latency[1])}ms"
        return Part(tuple(self.lines), settings, self.origins)


def objectives_of(analysis: Json, at: str, templates: Sequence[Json], names: Names, namespace: str) -> Part:
    """Return success-slo and latency-slo, and a line about each metric's name and bounds."""
    found = _Found()
    for index, metric in enumerate(analysis.get("metrics") or []):
        if metric is not None:
            _one(found, metric, f"{at}.metrics[{index}]", templates, names, namespace)
    return found.part()


def _one(found: _Found, metric: Json, path: str, templates: Sequence[Json], names: Names, namespace: str) -> None:
    query, missing = _query_of(metric, templates, names, namespace)
    if missing:
        found.add(f"{path}.templateRef", metric.get("templateRef"), Fate.REFUSED, missing)
        return
    bounds = bounds_of(metric, is_success=metric["name"] in BUILT_IN and not query)
    asked = BUILT_IN.get(metric["name"]) if not query else _asked(found, metric, query, bounds, path, names)
    if isinstance(asked, SuccessShare):
        _success(found, asked, metric, bounds, path)
    elif isinstance(asked, Latency):
        _latency(found, asked, metric, bounds, path)
    elif not query:
        text = f"Flagger evaluates nothing under this name: write a query, a templateRef or one of {', '.join(_KNOWN)}"
        found.add(f"{path}.name", metric["name"], Fate.REFUSED, text)


_KNOWN = ("request-success-rate", "request-duration")


def _query_of(metric: Json, templates: Sequence[Json], names: Names, namespace: str) -> tuple[str, str]:
    """Return a metric's query, "" for a built-in metric, and what is missing."""
    text, missing = _text_of(metric, templates, namespace)
    own = {
        "target": names.target,
        "service": names.apex,
        "name": names.name or names.target,
        "ingress": names.apex,
        "route": "",
    }
    more = {f"variables.{name}": value for name, value in (metric.get("templateVariables") or {}).items()}
    values = {**own, "namespace": namespace or "default", "interval": str(metric.get("interval") or "1m"), **more}
    query, unknown = rendered(text, values)
    return query, missing or (f"the query needs {unknown}: add it to templateVariables" if unknown else "")


def _text_of(metric: Json, templates: Sequence[Json], namespace: str) -> tuple[str, str]:
    """Return a metric's query as it is written, and what is missing."""
    text, reference = str(metric.get("query") or ""), metric.get("templateRef")
    if text or not reference:
        return text, ""
    template = template_of(reference, templates, namespace)
    if template is None:
        where = "/".join(filter(None, (reference.get("namespace") or namespace, reference.get("name"))))
        return "", f"MetricTemplate {where} is not in this file: add it (`kubectl get metrictemplate -o yaml`)"
    text = str((template.get("spec") or {}).get("query") or "")
    return text, "" if text.strip() else f"MetricTemplate {name_of(template)} has no query"


def template_of(reference: Json, templates: Sequence[Json], namespace: str) -> Json | None:
    """Return the MetricTemplate that a metric refers to; a template without a namespace is in the Canary's."""
    place = reference.get("namespace") or namespace
    for one in templates:
        own = namespace_of(one) or namespace
        if name_of(one) == reference.get("name") and (own == place or not own or not place):
            return one
    return None


def bounds_of(metric: Json, *, is_success: bool) -> dict[str, float]:
    """Return min and max of a metric; the deprecated threshold is a minimum of the built-in success rate alone."""
    given = metric.get("thresholdRange")
    if given:
        return {name: float(given[name]) for name in ("min", "max") if given.get(name) is not None}
    threshold = metric.get("threshold")
    by_name = isinstance(BUILT_IN.get(metric["name"]), SuccessShare)
    if threshold is None or threshold == 0:
        return {}
    return {"min" if is_success and by_name else "max": float(threshold)}


def _where(metric: Json, side: str, path: str) -> tuple[str, object]:
    """Return the path and value of a bound."""
    if metric.get("thresholdRange"):
        return f"{path}.thresholdRange.{side}", metric["thresholdRange"][side]
    return f"{path}.threshold", metric.get("threshold")


def _asked(
    found: _Found, metric: Json, query: str, bounds: Mapping[str, float], path: str, names: Names
) -> SuccessShare | Latency | None:
    """Return what a query asks; a query that asks for something else is refused, with the custom metric for it."""
    from steps.flagger.promql import form_of  # noqa: PLC0415 - the parser is loaded only where there is a query

    form = form_of(query)
    asked = recognised(form, names) if not isinstance(form, str) else None
    if asked is not None:
        return asked
    at = f"{path}.query" if metric.get("query") else f"{path}.templateRef"
    value = metric.get("query") or metric.get("templateRef")
    if isinstance(form, str):
        text = f"the query {form}. Remove this metric; pairs of counters and histograms fit into canary.yaml (metrics)"
    elif line := suggestion(metric["name"], form, bounds, names):
        text = f"remove this metric and put its counters into canary.yaml; stable's are compared with them: {line}"
    else:
        text = "the query counts no bad events among all. Remove this metric, or count them (docs/canary-yaml.md)"
    found.add(at, value, Fate.REFUSED, text)
    return None


def _success(found: _Found, asked: SuccessShare, metric: Json, bounds: Mapping[str, float], path: str) -> None:
    side = "max" if asked.is_bad else "min"
    if side not in bounds:
        text = "errors are compared with stable's; without a bound success-slo keeps its default, 0.99"
        found.add(f"{path}.name", metric["name"], Fate.TAKEN, text)
        return
    at, value = _where(metric, side, path)
    share = bounds[side] / asked.scale if asked.scale else -1.0
    slo = 1.0 - share if asked.is_bad else share
    wrong = _wrong_share(bounds[side], slo, asked)
    if wrong:
        found.add(at, value, Fate.REFUSED, wrong)
        return
    slo = min(round(slo, 9), _NEARLY_ALL)
    kept = max(slo, found.success or 0.0)
    note = f"success-slo {slo:g}" if kept == slo else f"success-slo {kept:g}, which is stricter, counts for both"
    found.add(at, value, Fate.TAKEN, note + (", the highest" if slo == _NEARLY_ALL else ""))
    found.success = kept
    found.origins["success_slo"] = at if kept == slo else found.origins["success_slo"]


def _wrong_share(bound: float, slo: float, asked: SuccessShare) -> str:
    if not 0.0 <= slo <= 1.0:
        return f"must be from 0 to {plain(asked.scale)}"
    if asked.scale == PERCENT and not asked.is_bad and 0 < bound <= 1:
        return f"Flagger reads percent, so this is hardly a bound: write {plain(bound * PERCENT)} for that share"
    return ""


def _latency(found: _Found, asked: Latency, metric: Json, bounds: Mapping[str, float], path: str) -> None:
    if "max" not in bounds:
        text = "latency is compared with stable's; without a maximum there is no latency-slo"
        found.add(f"{path}.name", metric["name"], Fate.TAKEN, text)
        return
    at, value = _where(metric, "max", path)
    limit = bounds["max"] * asked.ms
    known = found.latency
    if limit <= 0:
        found.add(at, value, Fate.REFUSED, "must be more than 0")
    elif known is not None and abs(known[0] - asked.quantile) > 1e-9:  # noqa: PLR2004 - the same number, read twice
        text = f"there is one latency objective, and p{plain(known[0] * PERCENT)} has it: remove one of the two metrics"
        found.add(at, value, Fate.REFUSED, text)
    else:
        kept = min(limit, known[1]) if known else limit
        found.latency = (asked.quantile, kept)
        found.origins["latency_slo"] = at
        stricter = ", which is stricter, counts for both" if kept != limit else ""
        found.add(at, value, Fate.TAKEN, f"latency-slo p{plain(asked.quantile * PERCENT)}={plain(kept)}ms{stricter}")


def plain(number: float) -> str:
    """Return a number without an exponent and without zeros at its end."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
