"""Bounds from stable's past hour, whatever its histograms are called."""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.evidence.definitions.bucket_bounds import Bounds, finite_bounds, latency_bounds, small_bound
from steps.evidence.definitions.metric_names import ConfiguredNames, MeshMetrics
from steps.evidence.definitions.promql import ArmLabels, selector
from steps.evidence.discovery.duration_histogram import with_unit
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import values_by_label
from steps.model.evidence import Arm


@dataclass(frozen=True, slots=True)
class ChosenBounds:
    """The bounds, and the names of the metrics they come from."""

    bounds: Bounds
    metrics: MeshMetrics


def choose_bounds(prometheus: Prometheus, arms: ArmLabels, reporter: str, wanted: ConfiguredNames) -> ChosenBounds:
    """Choose what slow and small mean from stable's past hour, or from all its past. Two queries in the usual case.

    Args:
        prometheus: the client.
        arms: labels of the arms; only stable's series are read.
        reporter: "" for all reporters.
        wanted: names as configured; the first possible name that has counts is taken.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    named, durations = wanted.names(), dict[str, float]()
    for name in wanted.durations:
        if durations := _buckets(prometheus, arms, reporter, name, []):
            named = wanted.names(name)
            break
    metrics = with_unit(named, wanted, lambda: finite_bounds(durations))
    sizes = _buckets(prometheus, arms, reporter, metrics.response_bytes, ['response_code=~"2.."'])
    return ChosenBounds(Bounds(latency_bounds(durations), small_bound(sizes)), metrics)


def _buckets(
    prometheus: Prometheus, arms: ArmLabels, reporter: str, metric: str, more: Sequence[str]
) -> dict[str, float]:
    """Return stable's cumulative counts by `le`; of the past hour, or of all its past if it had no traffic then."""
    chosen = selector(metric, [*arms.matchers(reporter=reporter, arms=[Arm.STABLE]), *more])
    found = values_by_label(prometheus.query(f"sum by (le) (increase({chosen}[1h]))").result, "le")
    if any(found.values()):
        return found
    return values_by_label(prometheus.query(f"sum by (le) ({chosen})").result, "le")
