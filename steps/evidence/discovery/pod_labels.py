"""The labels with the names of an application's pods and their namespace, found by asking Prometheus.

A pod that is scraped directly has `pod`. With a collector or a gateway in between, `pod` is the collector's, and the
application's is `exported_pod` or another label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from steps.evidence.definitions.custom_metrics import NAMESPACE_LABEL, POD_LABEL, CustomMetric
from steps.evidence.definitions.pod_owners import pod_name_pattern
from steps.evidence.definitions.promql import extra_matchers, metrics_selector, one_of_matcher, regex_matcher
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import NAME_LABEL, parse_vector

POD_LABELS: Final = (POD_LABEL, "exported_pod", "kubernetes_pod_name", "pod_name", "k8s_pod_name")
NAMESPACE_LABELS: Final = (
    NAMESPACE_LABEL,
    "exported_namespace",
    "kubernetes_namespace",
    "kubernetes_namespace_name",
    "k8s_namespace_name",
)
_FOUND: Final = "found_by"
"""A label that no series has: in the response it says which label held the arms' names."""

PodLabels = Mapping[str, tuple[str, str]]
"""Custom metric's name → its label of pods (or its own label of the arms), and its label of namespaces."""


def find_pod_labels(
    prometheus: Prometheus, metrics: Sequence[CustomMetric], namespace: str, more: Mapping[str, str]
) -> PodLabels:
    """Find the labels of metrics that configure none. One query for all; no query if all are configured.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    open_ones = [one for one in metrics if one.namespace_label is None or not (one.label or one.pod_label)]
    terms = dict.fromkeys(term for metric in open_ones for term in _terms(metric, more))
    if not terms:
        return {}
    rows = [labels for labels, _ in parse_vector(prometheus.query(" or ".join(terms)).result)]
    found = {metric.name: _chosen(metric, rows, namespace) for metric in open_ones}
    return {name: labels for name, labels in found.items() if labels is not None}


def with_pod_labels(metric: CustomMetric, labels: PodLabels) -> CustomMetric:
    """Return a metric with the labels that were found for it; configured labels stay."""
    if metric.name not in labels:
        return metric
    pods, namespaces = labels[metric.name]
    within = namespaces if metric.namespace_label is None else metric.namespace_label
    return replace(metric, pod_label=metric.pod_label or ("" if metric.label else pods), namespace_label=within)


def _terms(metric: CustomMetric, more: Mapping[str, str]) -> list[str]:
    """Return a query for each label that may hold names of the arms, with the namespaces they are in."""
    by = ", ".join((NAME_LABEL, *NAMESPACE_LABELS))
    asked = []
    for label in _candidates(metric):
        values = [metric.stable, metric.canary]
        arms = (
            one_of_matcher(label, values)
            if metric.label
            else regex_matcher(label, "|".join(pod_name_pattern(name) for name in values))
        )
        counted = f"count by ({by}) ({metrics_selector(metric.names, [arms, *extra_matchers(more)])})"
        asked.append(f'label_replace({counted}, "{_FOUND}", "{label}", "", "")')
    return asked


def _candidates(metric: CustomMetric) -> tuple[str, ...]:
    chosen = metric.label or metric.pod_label
    return (chosen,) if chosen else POD_LABELS


def _chosen(metric: CustomMetric, rows: Sequence[Mapping[str, str]], namespace: str) -> tuple[str, str] | None:
    """Return the first labels that hold the arms' names in the arms' namespace; None if no series has them."""
    own = [row for row in rows if row.get(NAME_LABEL) in metric.names]
    for pods in _candidates(metric):
        for namespaces in NAMESPACE_LABELS:
            if any(row.get(_FOUND) == pods and row.get(namespaces) == namespace for row in own):
                return pods, namespaces
    return None
