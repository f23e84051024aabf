"""Whether custom metrics are what their owner meant, asked of stable's series before any traffic moves.

A misspelt name would be found only on the first rung, as an inconclusive end. A counter of failures is another matter:
it is often born with the first failure, so that its absence proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.evidence.definitions.bucket_bounds import finite_bounds
from steps.evidence.definitions.custom_metrics import (
    CustomArmLabels,
    CustomMetric,
    CustomMetricContext,
    Selection,
    custom_arm_labels,
)
from steps.evidence.definitions.metric_names import BUCKET, histogram_name
from steps.evidence.definitions.promql import extra_matchers, selector
from steps.evidence.discovery import cluster_labels
from steps.evidence.preflight.similar_names import similar_names
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import values_by_label
from steps.model.evidence import Arm


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with custom metrics: full sentences.

    Attributes:
        faults: what keeps every canary from passing.
        warnings: what may be right.
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
        alone: no mesh's metric was looked at, so that these must tell whether they come from several clusters.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    faults: list[str] = []
    warnings: list[str] = []
    for metric in metrics:
        arms = custom_arm_labels(metric, around)
        if absent := _absent(prometheus, metric, arms):
            (faults if metric.required else warnings).append(absent)
        elif metric.histogram is not None and (unbound := _unbound(prometheus, metric, metric.histogram, arms)):
            faults.append(unbound)
        elif alone and (
            several := cluster_labels.unselected(
                cluster_labels.find_cluster_labels(prometheus, metric.names[0], arms), arms.more
            )
        ):
            faults.append(f"metric {metric.name}: {cluster_labels.unselected_sentence(several)}")
        if metric.bad is not None and (unseen := _unseen(prometheus, metric, metric.bad, around)):
            warnings.append(unseen)
    return Findings(tuple(faults), tuple(warnings))


def _absent(prometheus: Prometheus, metric: CustomMetric, arms: CustomArmLabels) -> str:
    """Say that stable has no series that count all events, and where to look for the mistake."""
    counted = metric.histogram or metric.every
    if counted is None or _is_there(prometheus, wanted := _of_stable(counted, arms), arms):
        return ""
    elsewhere = _count(prometheus, selector(counted.metric, extra_matchers(arms.more)))
    silent = "" if not metric.required else ", or say `required: false` where silence is normal"
    if not elsewhere:
        return (
            f"metric {metric.name}: Prometheus has no series {counted.metric} at all"
            f"{_instead(prometheus, counted.metric)}:"
            f" check its name, and that the pods are scraped{silent}"
        )
    return (
        f"metric {metric.name}: Prometheus has {elsewhere} series {counted.metric}, but none of stable's ({wanted}):"
        f" check match, {'pod-label' if arms.by_pod_name else 'arm-label'} and namespace-label{silent}"
    )


def _instead(prometheus: Prometheus, name: str) -> str:
    """Say what is there in place of a metric: a native histogram, or names that look like it."""
    close = similar_names(prometheus, name)
    if name.endswith(BUCKET) and histogram_name(name) in close:
        return (
            f", but {histogram_name(name)}: if that is a native histogram, let Prometheus keep the classic buckets too"
            f" (always_scrape_classic_histograms)"
        )
    return f", but {', '.join(close)}" if close else ""


def _unbound(prometheus: Prometheus, metric: CustomMetric, buckets: Selection, arms: CustomArmLabels) -> str:
    """Say that the histogram has no bucket with the bound that was asked for, and which it has."""
    answer = prometheus.query(f"count by (le) ({_of_stable(buckets, arms)})")
    bounds = finite_bounds(values_by_label(answer.result, "le"))
    if metric.bound in bounds:
        return ""
    known = ", ".join(f"{bound:g}" for bound in bounds) or "none: name its _bucket series"
    return (
        f"metric {metric.name}: {buckets.metric} has no bucket bound {metric.bound:g}, which no count can be read at;"
        f" its bounds are {known}"
    )


def _unseen(prometheus: Prometheus, metric: CustomMetric, bad: Selection, around: CustomMetricContext) -> str:
    """Say that nobody, stable or not, ever had such a bad event."""
    wanted = selector(bad.metric, [*bad.matchers, *extra_matchers(around.more)])
    if _count(prometheus, wanted):
        return ""
    return (
        f"metric {metric.name}: no series {wanted} was seen yet, which is right if nothing was ever bad, but a mistaken"
        f" name or label would look the same"
    )


def _of_stable(selection: Selection, arms: CustomArmLabels) -> str:
    return selector(selection.metric, [*arms.matchers(arms=[Arm.STABLE]), *selection.matchers])


def _is_there(prometheus: Prometheus, chosen: str, arms: CustomArmLabels) -> bool:
    """Tell whether stable has such series; of pods, those of its own alone count."""
    if not arms.by_pod_name:
        return _count(prometheus, chosen) > 0
    found = values_by_label(prometheus.query(f"count by ({arms.label}) ({chosen})").result, arms.label)
    return any(arms.arm_of({arms.label: pod}) is Arm.STABLE for pod in found)


def _count(prometheus: Prometheus, chosen: str) -> int:
    return round(sum(values_by_label(prometheus.query(f"count({chosen})").result, "").values()))
