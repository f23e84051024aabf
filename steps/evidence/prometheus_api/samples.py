"""Raw samples as Prometheus returned them, in order and without values that no counter can have."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import Problem, ProblemKind

POD_LABELS: Final = ("exported_pod", "pod", "kubernetes_pod_name", "pod_name", "k8s_pod_name")
"""Labels with the name of a series' pod; the original one first, as a federation keeps both."""

INSTANCE_LABELS: Final = ("exported_instance", "instance")
NAMESPACE_LABELS: Final = ("exported_namespace", "namespace", "kubernetes_namespace", "k8s_namespace_name")
REPLICA_LABELS: Final = ("prometheus", "prometheus_replica", "__replica__")
"""Labels that tell Prometheus servers with the same targets apart."""

TARGET_LABELS: Final = (
    "job",
    "namespace",
    "instance",
    "pod",
    "cluster",
    "exported_job",
    "exported_instance",
    "exported_namespace",
    "exported_pod",
    "kubernetes_namespace",
    "kubernetes_pod_name",
    "pod_name",
    "k8s_pod_name",
    "k8s_namespace_name",
    *REPLICA_LABELS,
)
"""Labels that tell scrape targets apart; a series has some of them."""

SCRAPER_LABELS: Final = ("endpoint", "container", "service", "replica")
"""Labels that tell two scrapes of one target apart; an application may also use these names itself."""

NAME_LABEL: Final = "__name__"
"""The label with the name of a series' metric."""

_PAIR: Final = 2
"""A sample is a time and a value."""

_MOST: Final = 2.0**53
"""No counter of events is larger: a sample is a 64-bit float, and above this one more event does not change it."""

_SHOWN: Final = 200

ScrapeTarget = tuple[tuple[str, str], ...]
SeriesKey = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RawSeries:
    """One series: its labels and (unix seconds, value) samples, sorted by time, each time once, values finite."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]

    @property
    def key(self) -> SeriesKey:
        """Identity of the series."""
        return tuple(sorted(self.labels.items()))

    @property
    def target(self) -> ScrapeTarget:
        """Identity of the scrape target it came from."""
        return tuple((label, self.labels[label]) for label in TARGET_LABELS if label in self.labels)

    @property
    def scraper(self) -> ScrapeTarget:
        """Identity of the job or server that scraped that target, as far as labels show it."""
        more = tuple((label, self.labels[label]) for label in SCRAPER_LABELS if label in self.labels)
        return self.target + more


def target_of(scraper: ScrapeTarget) -> ScrapeTarget:
    """Return the target of a scraper."""
    return tuple(pair for pair in scraper if pair[0] in TARGET_LABELS)


def parse_matrix(result: Iterable[Mapping[str, Any]]) -> list[RawSeries]:
    """Return the series in the matrix of a range selector.

    Values that no counter can have (NaN, negative, above 2^53) are left out.

    Raises:
        EvidenceError: the response is not a matrix of numbers, or has native histograms.
    """
    found: dict[SeriesKey, dict[float, float]] = {}
    for entry in result:
        try:
            labels, samples = _read(entry)
        except (TypeError, ValueError, KeyError, OverflowError) as fault:
            raise _malformed(entry) from fault
        found.setdefault(tuple(sorted(labels.items())), {}).update(samples)
    return [RawSeries(dict(key), tuple(sorted(samples.items()))) for key, samples in found.items()]


def _read(entry: Mapping[str, Any]) -> tuple[dict[str, str], dict[float, float]]:
    # To Prometheus an empty label is the same as none: a server that sends some must not make two series of one.
    labels = {str(name): str(value) for name, value in dict(entry["metric"]).items() if value != ""}
    pairs = entry["values"]
    if not isinstance(pairs, list) or any(not isinstance(pair, list | tuple) or len(pair) != _PAIR for pair in pairs):
        raise ValueError("values are not pairs")
    samples = {float(at): float(value) for at, value in pairs}
    if not all(math.isfinite(at) for at in samples):
        raise ValueError("a time is not a number")
    return labels, {at: value for at, value in samples.items() if 0.0 <= value <= _MOST}


def _malformed(entry: object) -> EvidenceError:
    if isinstance(entry, dict) and ("histogram" in entry or "histograms" in entry):
        text = (
            "Prometheus sent native histograms, which this program does not read: keep the classic buckets"
            " (always_scrape_classic_histograms: true in the scrape configuration)"
        )
    else:
        text = f"Prometheus sent series that are not lists of numbers, such as {str(entry)[:_SHOWN]}"
    return EvidenceError(Problem(ProblemKind.NOT_PROMETHEUS, text))


def values_by_label(result: Iterable[Mapping[str, Any]], label: str) -> dict[str, float]:
    """Return the vector of an instant query as value of `label` → value; entries without a number are left out."""
    return {labels.get(label, ""): value for labels, value in parse_vector(result)}


def parse_vector(result: Iterable[Mapping[str, Any]]) -> list[tuple[dict[str, str], float]]:
    """Return the vector of an instant query as (labels, value); entries without a number are left out."""
    found = []
    for entry in result:
        labels, sample = entry.get("metric"), entry.get("value")
        if not isinstance(sample, list | tuple) or len(sample) != _PAIR:
            continue  # a range, or a native histogram
        try:
            value = float(sample[1])
        except (TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(value):
            found.append((_labels(labels), value))
    return found


def _labels(found: Any) -> dict[str, str]:  # noqa: ANN401 - what comes in may be anything
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
