"""Custom metrics, checked against stable's series before any traffic moves.

Without this check a misspelt name would only show on the first rung, as an inconclusive end. A missing counter of
failures is only a warning: such a counter often appears with the first failure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.evidence.definitions.bucket_bounds import finite_bounds
from steps.evidence.definitions.custom_arms import CustomArmLabels, CustomMetricContext
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection, custom_arm_labels
from steps.evidence.definitions.metric_names import BUCKET, histogram_name
from steps.evidence.definitions.promql import extra_matchers, selector
from steps.evidence.discovery import cluster_labels
from steps.evidence.preflight.similar_names import similar_names
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import values_by_label
from steps.model.evidence import Arm


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with custom metrics, in full sentences.

    Attributes:
        faults: what keeps every canary from passing.
        warnings: what may be wrong.
    """

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_custom_metrics(
    prometheus: Prometheus, metrics: Sequence[CustomMetric], around: CustomMetricContext, *, alone: bool = False
) -> Findings:
    """Look for stable's series of every custom metric; one to three queries each.

    Args:
        prometheus: the client.
        metrics: what is looked for.
        around: what they share.
        alone: no mesh metric was checked, so these are checked for series of several clusters.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    faults: list[str] = []
    warnings: list[str] = []
    for metric in metrics:
        arms = custom_arm_labels(metric, around)
        if missing := _missing_series(prometheus, metric, arms):
            (faults if metric.required else warnings).append(missing)
        elif metric.histogram is not None and (no_bound := _missing_bound(prometheus, metric, metric.histogram, arms)):
            faults.append(no_bound)
        elif alone and (
            several := cluster_labels.unselected(
                cluster_labels.find_cluster_labels(prometheus, metric.names[0], arms), arms.more
            )
        ):
            faults.append(f"metric {metric.name}: {cluster_labels.unselected_sentence(several)}")
        if metric.bad is not None and (no_bad := _no_bad_events(prometheus, metric, metric.bad, around)):
            warnings.append(no_bad)
    return Findings(tuple(faults), tuple(warnings))


def _missing_series(prometheus: Prometheus, metric: CustomMetric, arms: CustomArmLabels) -> str:
    """Return a sentence if stable has no series that count all events, with the likely mistake; else ""."""
    counted = metric.histogram or metric.every
    if counted is None or _is_there(prometheus, wanted := _of_stable(counted, arms), arms):
        return ""
    elsewhere = _count(prometheus, selector(counted.metric, extra_matchers(arms.more)))
    silent = "" if not metric.required else ", or set `required: false` if it may be missing"
    if not elsewhere:
        return (
            f"metric {metric.name}: Prometheus has no series {counted.metric} at all"
            f"{_alternatives(prometheus, counted.metric)}:"
            f" check its name, and that the pods are scraped{silent}"
        )
    return (
        f"metric {metric.name}: Prometheus has {elsewhere} series {counted.metric}, but none of stable's ({wanted}):"
        f" check match, {'pod-label' if arms.by_pod_name else 'arm-label'} and namespace-label{silent}"
    )


def _alternatives(prometheus: Prometheus, name: str) -> str:
    """Return what Prometheus has in place of a metric: a native histogram, or similar names."""
    close = similar_names(prometheus, name)
    if name.endswith(BUCKET) and histogram_name(name) in close:
        return (
            f", but it has {histogram_name(name)}: if that is a native histogram, let Prometheus keep the classic"
            f" buckets too (always_scrape_classic_histograms)"
        )
    return f", but it has {', '.join(close)}" if close else ""


def _missing_bound(prometheus: Prometheus, metric: CustomMetric, buckets: Selection, arms: CustomArmLabels) -> str:
    """Return a sentence if the histogram has no bucket with the bound of the metric, with those it has; else ""."""
    answer = prometheus.query(f"count by (le) ({_of_stable(buckets, arms)})")
    bounds = finite_bounds(values_by_label(answer.result, "le"))
    if metric.bound in bounds:
        return ""
    known = ", ".join(f"{bound:g}" for bound in bounds) or "missing: name its _bucket series"
    return (
        f"metric {metric.name}: {buckets.metric} has no bucket bound {metric.bound:g}, so nothing can be counted there;"
        f" its bounds are {known}"
    )


def _no_bad_events(prometheus: Prometheus, metric: CustomMetric, bad: Selection, around: CustomMetricContext) -> str:
    """Return a sentence if Prometheus has no such bad event, stable's or not; else ""."""
    wanted = selector(bad.metric, [*bad.matchers, *extra_matchers(around.more)])
    if _count(prometheus, wanted):
        return ""
    return (
        f"metric {metric.name}: Prometheus has no series {wanted} yet. That is fine if no event was ever bad, but a"
        f" wrong name or label would look the same"
    )


def _of_stable(selection: Selection, arms: CustomArmLabels) -> str:
    return selector(selection.metric, [*arms.matchers(arms=[Arm.STABLE]), *selection.matchers])


def _is_there(prometheus: Prometheus, chosen: str, arms: CustomArmLabels) -> bool:
    """Return whether stable has such series; where pods tell the arms apart, only its own pods count."""
    if not arms.by_pod_name:
        return _count(prometheus, chosen) > 0
    found = values_by_label(prometheus.query(f"count by ({arms.label}) ({chosen})").result, arms.label)
    return any(arms.arm_of({arms.label: pod}) is Arm.STABLE for pod in found)


def _count(prometheus: Prometheus, chosen: str) -> int:
    return round(sum(values_by_label(prometheus.query(f"count({chosen})").result, "").values()))
