"""Raw samples as Prometheus returned them, in order and free of what cannot be counted."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

TARGET_LABELS: Final = ("job", "namespace", "instance", "pod", "cluster")
"""What tells scrape targets apart; whichever of these labels a series has."""

_PAIR: Final = 2
"""A sample is a time and a value."""

NAME: Final = "__name__"
"""The label that holds a series' metric."""

Target = tuple[tuple[str, str], ...]
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RawSeries:
    """One series: its labels and (unix seconds, value) samples, sorted by time, each time once, values finite."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]

    @property
    def key(self) -> Key:
        """Identity of the series."""
        return tuple(sorted(self.labels.items()))

    @property
    def target(self) -> Target:
        """Identity of the scrape target it came from."""
        return tuple((label, self.labels[label]) for label in TARGET_LABELS if label in self.labels)


def parse(result: Iterable[Mapping[str, Any]]) -> list[RawSeries]:
    """Read the matrix of a range selector's answer; samples that are no numbers are left out."""
    found = []
    for entry in result:
        labels = {str(name): str(value) for name, value in dict(entry.get("metric", {})).items()}
        samples = {float(at): float(value) for at, value in entry.get("values", []) if math.isfinite(float(value))}
        found.append(RawSeries(labels, tuple(sorted(samples.items()))))
    return found


def scalar_by(result: Iterable[Mapping[str, Any]], label: str) -> dict[str, float]:
    """Read the vector of an instant query: value of `label` → value; what is no number is left out."""
    return {labels.get(label, ""): value for labels, value in vector(result)}


def vector(result: Iterable[Mapping[str, Any]]) -> list[tuple[dict[str, str], float]]:
    """Read the vector of an instant query: (labels, value) of each entry; what is no number is left out."""
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
