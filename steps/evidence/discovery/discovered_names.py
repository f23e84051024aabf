"""What Prometheus is asked before a run's series are read: names of metrics, labels, and what narrows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.custom_metrics import CustomMetric
from steps.evidence.definitions.metric_names import ISTIO_NAMES, ConfiguredNames, MeshMetrics
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.discovery.duration_histogram import find_duration_name
from steps.evidence.discovery.label_collisions import find_narrowing
from steps.evidence.discovery.pod_labels import PodLabels, find_pod_labels
from steps.evidence.prometheus_api.client import Prometheus


@dataclass(frozen=True, slots=True)
class DiscoveredNames:
    """What each step finds again, by the same few queries.

    Attributes:
        metrics: names of the mesh's metrics.
        narrowed: labels and values that tell the arms from other apps, as in `ArmLabels.more`.
        doubt: a full sentence if nothing tells them from other apps, else "".
        labels: custom metric → its labels of pods and of namespaces.
    """

    metrics: MeshMetrics = ISTIO_NAMES
    narrowed: Mapping[str, str] = field(default_factory=dict)
    doubt: str = ""
    labels: PodLabels = field(default_factory=dict)

    def arms(self, arms: ArmLabels) -> ArmLabels:
        """Return the labels of the arms in the mesh's metrics."""
        return replace(arms, more={**arms.more, **self.narrowed}, metrics=self.metrics)


def discover_names(
    prometheus: Prometheus,
    arms: ArmLabels,
    wanted: ConfiguredNames,
    custom: Sequence[CustomMetric],
    bounds: Bounds | None,
    *,
    mesh: bool,
) -> DiscoveredNames:
    """Find the names of the mesh's series and of custom metrics; no query if all is usual or configured.

    Bounds that an earlier step chose are in the unit of a histogram, whose name must be found again. Without bounds the
    histogram is found when they are chosen.

    Args:
        prometheus: the client.
        arms: as in the settings.
        wanted: names as configured.
        custom: custom metrics.
        bounds: chosen by an earlier step, None if there are none yet.
        mesh: whether the mesh's metrics are read at all.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    labels = find_pod_labels(prometheus, custom, arms.namespace, arms.more)
    if not mesh:
        return DiscoveredNames(labels=labels)
    named = replace(arms, metrics=wanted.names())
    narrowed = find_narrowing(prometheus, named)
    if bounds is not None and bounds.latency:
        narrow = replace(named, more={**named.more, **narrowed.more})
        named = replace(named, metrics=find_duration_name(prometheus, narrow, wanted))
    return DiscoveredNames(named.metrics, narrowed.more, narrowed.doubt, labels)


def discovered_names_from_json(form: Mapping[str, Any]) -> DiscoveredNames:
    """Return what `dataclasses.asdict` and JSON turned into a dict."""
    labels = {name: (pods, namespaces) for name, (pods, namespaces) in form["labels"].items()}
    return DiscoveredNames(MeshMetrics(**form["metrics"]), form["narrowed"], form["doubt"], labels)
