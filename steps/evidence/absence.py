"""Why Prometheus has no requests of stable, and what it has instead: the first mistake that can be shown is named."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from steps.evidence.alike import alike
from steps.evidence.prometheus import Prometheus
from steps.evidence.samples import scalar_by
from steps.evidence.selectors import Arms, equal, further, selector
from steps.model.evidence import Arm

_SHOWN: Final = 8
_UNSCRAPED: Final = (
    "nothing scrapes the mesh: add a scrape job or a PodMonitor (port http-envoy-prom, path /stats/prometheus) for the"
    " pods' proxies and the gateways and send stable some traffic, or judge by the app's own metrics with"
    " --without-mesh-metrics"
)


def plain(arms: Arms, where: str, reporter: str) -> str:
    """Say that stable's requests are not there, without asking further; `reporter` is "" for any."""
    counted = f" with reporter {reporter}" if reporter else ""
    within = f" and {', '.join(further(arms.more))}" if arms.more else ""
    return (
        f'Prometheus at {where} has no {arms.metrics.requests}{counted} for {arms.label}="{arms.stable}" in namespace'
        f" {arms.namespace}{within}: send it some traffic, check that the mesh is scraped, or name the label that tells"
        f" the arms apart"
    )


def explained(prometheus: Prometheus, arms: Arms, reporter: str) -> str:
    """Say that stable's requests are not there, and what is. Two to four queries.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    missing = plain(arms, prometheus.access.endpoint, reporter)
    if not _has(prometheus, arms.metrics.requests, []):
        return f"{missing}; {_other_names(prometheus, arms.metrics.requests)}"
    if reporter and (known := _values(prometheus, arms, "reporter", arms.matchers(arms=[Arm.STABLE]))):
        return f"{missing}; there are series with reporter {known}: set --reporter to one of them, or to auto"
    without = replace(arms, more={})
    if arms.more and _has(prometheus, arms.metrics.requests, without.matchers(arms=[Arm.STABLE])):
        return f"{missing}; {_wanted_labels(prometheus, arms, without)}"
    return f"{missing}; {_workloads(prometheus, arms)}"


def _wanted_labels(prometheus: Prometheus, arms: Arms, without: Arms) -> str:
    """Say which values the labels of --metric-labels have in stable's series."""
    matchers = without.matchers(arms=[Arm.STABLE])
    told = [f"{label} is {_values(prometheus, arms, label, matchers) or 'not there'}" for label in sorted(arms.more)]
    return f"--metric-labels matches none of stable's series, in which {' and '.join(told)}"


def _workloads(prometheus: Prometheus, arms: Arms) -> str:
    """Say which values the label of the arms has, in the namespace or elsewhere."""
    within = [equal("destination_workload_namespace", arms.namespace), *further(arms.more)]
    if values := _values(prometheus, arms, arms.label, within):
        return f"in this namespace {arms.label} is {values}: see --stable-label-value and --arm-label"
    elsewhere = _values(prometheus, arms, "destination_workload_namespace", further(arms.more))
    return f"it has series of namespace {elsewhere or '(none)'} only: are this one's pods in the mesh, and scraped?"


def _other_names(prometheus: Prometheus, wanted: str) -> str:
    """Say which metrics are called alike; nothing of Istio's at all means that nothing scrapes the mesh."""
    if close := alike(prometheus, wanted):
        return f"it has {', '.join(close)}: name the one that counts requests with --requests-metric"
    return _UNSCRAPED


def _has(prometheus: Prometheus, metric: str, matchers: Sequence[str]) -> bool:
    return bool(_counts(prometheus, f"count({selector(metric, matchers)})", ""))


def _values(prometheus: Prometheus, arms: Arms, label: str, matchers: Sequence[str]) -> str:
    found = _counts(prometheus, f"count by ({label}) ({selector(arms.metrics.requests, matchers)})", label)
    return _listed(sorted(value for value in found if value))


def _counts(prometheus: Prometheus, promql: str, label: str) -> Mapping[str, float]:
    return scalar_by(prometheus.query(promql).result, label)


def _listed(values: Sequence[str]) -> str:
    rest = len(values) - _SHOWN
    return ", ".join(values[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
