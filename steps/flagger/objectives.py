"""What a query asks of the canary: a share of failed requests or a latency, as the mesh reports them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from steps.flagger.query_forms import Form, Matcher, Quantile, Ratio

REQUESTS: Final = "istio_requests_total"
DURATIONS: Final = {
    "istio_request_duration_milliseconds_bucket": 1.0,
    "istio_request_duration_seconds_bucket": 1000.0,
}
"""Names of the mesh's duration buckets, with the milliseconds of their unit."""
PERCENT: Final = 100.0

_NAMESPACES = frozenset(
    {"destination_workload_namespace", "destination_service_namespace", "namespace", "kubernetes_namespace"}
)
_ARMS = frozenset(
    {"destination_workload", "destination_service", "destination_service_name", "destination_app",
     "destination_canonical_service"}
)  # fmt: skip
_CODES = tuple(map(str, range(100, 600)))
_SERVER_ERRORS = frozenset(one for one in _CODES if one.startswith("5"))


@dataclass(frozen=True, slots=True)
class Names:
    """Names in queries.

    Args:
        target: the Deployment. apex: the app's Service.
        name: of the Canary, which queries may use; "" as the target.
    """

    target: str
    apex: str
    name: str = ""

    @property
    def canary(self) -> tuple[str, ...]:
        """Values that mean the canary: the Deployment, its Service, and where routes lead to both, the app's."""
        return (self.target, f"{self.apex}-canary", self.apex)


@dataclass(frozen=True, slots=True)
class SuccessShare:
    """Share of requests without a 5xx: `scale` is all of them. is_bad: the query counts the others."""

    scale: float
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Latency:
    """A quantile (0-1); a value of 1 is so many milliseconds."""

    quantile: float
    ms: float


BUILT_IN: Final = {
    "request-success-rate": SuccessShare(PERCENT),
    REQUESTS: SuccessShare(PERCENT),
    "request-duration": Latency(0.99, 1.0),
    **dict.fromkeys(DURATIONS, Latency(0.99, 1.0)),
}
"""Metrics that Flagger knows by name, and the names of them in its older versions, always in milliseconds."""


def recognised(form: Form, names: Names) -> SuccessShare | Latency | None:
    """Return what a query asks of the mesh's own metrics of the canary; None if it asks for something else."""
    if isinstance(form, Quantile):
        unit = DURATIONS.get(form.buckets.metric)
        if unit is None or not _is_the_canary(form.buckets.matchers, names):
            return None
        return Latency(form.quantile, unit / form.scale)
    return _success(form, names)


def _success(form: Ratio, names: Names) -> SuccessShare | None:
    if {form.part.metric, form.whole.metric} != {REQUESTS} or not _is_the_canary(form.whole.matchers, names):
        return None
    extra = form.part.matchers - form.whole.matchers
    if len(extra) != 1 or form.whole.matchers - form.part.matchers:
        return None
    [code] = extra
    chosen = _codes(code) if code.label == "response_code" else None
    if chosen == _SERVER_ERRORS:
        return SuccessShare(form.scale, is_bad=not form.is_complement)
    if chosen == frozenset(_CODES) - _SERVER_ERRORS:
        return SuccessShare(form.scale, is_bad=form.is_complement)
    return None


def _codes(matcher: Matcher) -> frozenset[str] | None:
    """Return the status codes that a matcher chooses."""
    try:
        found = frozenset(one for one in _CODES if _fits(matcher, one))
    except re.error:
        return None
    return frozenset(_CODES) - found if matcher.operator in {"!=", "!~"} else found


def _fits(matcher: Matcher, value: str) -> bool:
    if matcher.operator in {"=", "!="}:
        return matcher.value == value
    return re.fullmatch(matcher.value, value) is not None


def means_canary(matcher: Matcher, names: Names) -> bool:
    """Return whether a matcher chooses the canary by the name of its Deployment, pods or Service."""
    if matcher.operator not in {"=", "=~"}:
        return False
    hosts = [full for name in names.canary for full in (name, f"{name}-0", f"{name}-abcde12345-abcde")]
    literal = re.escape(matcher.value) if matcher.operator == "=" else matcher.value
    beginning = matcher.value.partition(".")[0].rstrip("\\")
    try:
        return beginning in names.canary or any(re.fullmatch(literal, one) for one in hosts)
    except (re.error, RecursionError):
        return False


def chooses_namespace(matcher: Matcher) -> bool:
    """Return whether a matcher is only about the namespace."""
    return matcher.label in _NAMESPACES and matcher.operator in {"=", "=~"}


def _is_the_canary(matchers: Iterable[Matcher], names: Names) -> bool:
    """Return whether series are all requests to the canary, and no narrower selection."""
    found = False
    for one in matchers:
        if one.label in _ARMS and means_canary(one, names):
            found = True
        elif one.label != "reporter" and not chooses_namespace(one):
            return False
    return found
