"""What is found by asking Prometheus before a run's series are read: names, labels, and what narrows them."""

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
    """What each step finds anew, by the same few queries.

    Attributes:
        metrics: what the mesh's metrics are called.
        narrowed: labels and values that tell the arms from others, as in `Arms.more`.
        doubt: a full sentence where nothing tells them from others, "" otherwise.
        labels: custom metric → its labels of pods and of namespaces.
    """

    metrics: MeshMetrics = ISTIO_NAMES
    narrowed: Mapping[str, str] = field(default_factory=dict)
    doubt: str = ""
    labels: PodLabels = field(default_factory=dict)

    def arms(self, arms: ArmLabels) -> ArmLabels:
        """Give the arms as they are told in the mesh's metrics."""
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
    """Find what the mesh's series and the custom metrics are called; no query where everything is as usual or as set.

    Bounds that were chosen by an earlier step are in the unit of a histogram whose name must be found again; without
    them the histogram is found when they are chosen.

    Args:
        prometheus: the client.
        arms: as the settings tell them.
        wanted: names as they were set.
        custom: metrics beside the mesh's.
        bounds: chosen by an earlier step, None if not.
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
    """Make it from what `dataclasses.asdict` and JSON made of it."""
    labels = {name: (pods, namespaces) for name, (pods, namespaces) in form["labels"].items()}
    return DiscoveredNames(MeshMetrics(**form["metrics"]), form["narrowed"], form["doubt"], labels)
