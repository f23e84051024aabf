"""Keyword arguments of the catalog, which the reader passes on."""

from collections.abc import Collection
from typing import Final, TypedDict

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.custom_metrics import CustomMetric
from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.definitions.pod_owners import PodOwners
from steps.model.evidence import LatencyObjective

USUAL_NAMES: Final = ConfiguredNames()
"""Names that are found by asking."""


class CatalogOptions(TypedDict, total=False):
    """Keyword arguments of `MetricCatalog`; see there."""

    reporter: str
    bounds: Bounds | None
    custom: tuple[CustomMetric, ...]
    names: ConfiguredNames
    pods: PodOwners
    mesh: bool
    ignored_answers: Collection[str]
    latency_objective: LatencyObjective | None
