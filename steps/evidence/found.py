"""What is found by asking Prometheus before a run's series are read: names, labels, and what narrows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from steps.evidence.bounds import Bounds
from steps.evidence.custom import CustomMetric
from steps.evidence.durations import found_name
from steps.evidence.naming import ISTIO, MeshMetrics, WantedNames
from steps.evidence.podlabels import Labels, find_labels
from steps.evidence.prometheus import Prometheus
from steps.evidence.selectors import Arms
from steps.evidence.uniqueness import narrowing


@dataclass(frozen=True, slots=True)
class Found:
    """What each step finds anew, by the same few queries.

    Attributes:
        metrics: what the mesh's metrics are called.
        narrowed: labels and values that tell the arms from others, as in `Arms.more`.
        doubt: a full sentence where nothing tells them from others, "" otherwise.
        labels: custom metric → its labels of pods and of namespaces.
    """

    metrics: MeshMetrics = ISTIO
    narrowed: Mapping[str, str] = field(default_factory=dict)
    doubt: str = ""
    labels: Labels = field(default_factory=dict)

    def arms(self, arms: Arms) -> Arms:
        """Give the arms as they are told in the mesh's metrics."""
        return replace(arms, more={**arms.more, **self.narrowed}, metrics=self.metrics)


def find(
    prometheus: Prometheus,
    arms: Arms,
    wanted: WantedNames,
    custom: Sequence[CustomMetric],
    bounds: Bounds | None,
    *,
    mesh: bool,
) -> Found:
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
    labels = find_labels(prometheus, custom, arms.namespace, arms.more)
    if not mesh:
        return Found(labels=labels)
    named = replace(arms, metrics=wanted.names())
    narrowed = narrowing(prometheus, named)
    if bounds is not None and bounds.latency:
        narrow = replace(named, more={**named.more, **narrowed.more})
        named = replace(named, metrics=found_name(prometheus, narrow, wanted))
    return Found(named.metrics, narrowed.more, narrowed.doubt, labels)


def from_json(form: Mapping[str, Any]) -> Found:
    """Make it from what `dataclasses.asdict` and JSON made of it."""
    labels = {name: (pods, namespaces) for name, (pods, namespaces) in form["labels"].items()}
    return Found(MeshMetrics(**form["metrics"]), form["narrowed"], form["doubt"], labels)
