"""Why Prometheus has no requests of stable, and what it has instead: the first mistake that the data shows is named."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from steps.evidence.definitions.promql import ArmLabels, equal_matcher, extra_matchers, selector
from steps.evidence.preflight.similar_names import similar_names
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import values_by_label
from steps.model.evidence import Arm

_SHOWN: Final = 8
_UNSCRAPED: Final = (
    "nothing scrapes the mesh: add a scrape job or a PodMonitor (port http-envoy-prom, path /stats/prometheus) for the"
    " pods' proxies and the gateways, and send stable some traffic; or judge by the app's own metrics with"
    " --without-mesh-metrics"
)


def no_requests(arms: ArmLabels, where: str, reporter: str) -> str:
    """Return a sentence that stable has no requests, without another query; `reporter` is "" for any."""
    counted = f" with reporter {reporter}" if reporter else ""
    within = f" and {', '.join(extra_matchers(arms.more))}" if arms.more else ""
    return (
        f'Prometheus at {where} has no {arms.metrics.requests}{counted} for {arms.label}="{arms.stable}" in namespace'
        f" {arms.namespace}{within}: send it some traffic, check that the mesh is scraped, or set the label that tells"
        f" the arms apart (--arm-label)"
    )


def is_scraped(prometheus: Prometheus, arms: ArmLabels) -> bool:
    """Return whether Prometheus has the mesh's request counter at all, of whatever app. One query.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    return _has(prometheus, arms.metrics.requests, [])


def explain_no_requests(prometheus: Prometheus, arms: ArmLabels, reporter: str) -> str:
    """Return a sentence that stable has no requests, and what Prometheus has instead. Two to four queries.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    missing = no_requests(arms, prometheus.access.endpoint, reporter)
    if not _has(prometheus, arms.metrics.requests, []):
        return f"{missing}; {_other_names(prometheus, arms.metrics.requests)}"
    if reporter and (known := _values(prometheus, arms, "reporter", arms.matchers(arms=[Arm.STABLE]))):
        return f"{missing}; there are series with reporter {known}: set --reporter to one of them, or to auto"
    without = replace(arms, more={})
    if arms.more and _has(prometheus, arms.metrics.requests, without.matchers(arms=[Arm.STABLE])):
        return f"{missing}; {_wanted_labels(prometheus, arms, without)}"
    return f"{missing}; {_workloads(prometheus, arms)}"


def _wanted_labels(prometheus: Prometheus, arms: ArmLabels, without: ArmLabels) -> str:
    """Return which values the labels of --metric-labels have in stable's series."""
    matchers = without.matchers(arms=[Arm.STABLE])
    found = [f"{label} is {_values(prometheus, arms, label, matchers) or 'missing'}" for label in sorted(arms.more)]
    return f"--metric-labels matches none of stable's series, where {' and '.join(found)}"


def _workloads(prometheus: Prometheus, arms: ArmLabels) -> str:
    """Return which values the label of the arms has, in the namespace or elsewhere."""
    within = [equal_matcher("destination_workload_namespace", arms.namespace), *extra_matchers(arms.more)]
    if values := _values(prometheus, arms, arms.label, within):
        return f"in this namespace {arms.label} is {values}: see --stable-label-value and --arm-label"
    elsewhere = _values(prometheus, arms, "destination_workload_namespace", extra_matchers(arms.more))
    return f"it only has series of namespace {elsewhere or '(none)'}: are this one's pods in the mesh, and scraped?"


def _other_names(prometheus: Prometheus, wanted: str) -> str:
    """Return the metrics with similar names; without any, nothing scrapes the mesh."""
    if close := similar_names(prometheus, wanted):
        return f"it has {', '.join(close)}: name the one that counts requests with --requests-metric"
    return _UNSCRAPED


def _has(prometheus: Prometheus, metric: str, matchers: Sequence[str]) -> bool:
    return bool(_counts(prometheus, f"count({selector(metric, matchers)})", ""))


def _values(prometheus: Prometheus, arms: ArmLabels, label: str, matchers: Sequence[str]) -> str:
    found = _counts(prometheus, f"count by ({label}) ({selector(arms.metrics.requests, matchers)})", label)
    return _listed(sorted(value for value in found if value))


def _counts(prometheus: Prometheus, promql: str, label: str) -> Mapping[str, float]:
    return values_by_label(prometheus.query(promql).result, label)


def _listed(values: Sequence[str]) -> str:
    rest = len(values) - _SHOWN
    return ", ".join(values[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
