"""Names of the mesh's metrics in this Prometheus, and the unit of its durations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Literal

Unit = Literal["ms", "s"]

REQUESTS: Final = "istio_requests_total"
DURATIONS: Final = ("istio_request_duration_milliseconds_bucket", "istio_request_duration_seconds_bucket")
"""Istio 1.5 and newer count milliseconds, Istio 1.4 and older seconds."""

RESPONSE_BYTES: Final = "istio_response_bytes_bucket"
BUCKET: Final = "_bucket"

_SECONDS_LARGEST: Final = 120.0
_SECONDS_SMALLEST: Final = 0.2
_SURELY_SECONDS: Final = 0.01
"""A histogram in seconds begins at a few milliseconds (0.005 for Istio 1.4) and ends within two minutes (10)."""

_NO_MILLISECOND: Final = 0.001
_HOUR: Final = 3600.0
"""No histogram has a bound of a microsecond: with such a bound, and none above an hour, the unit is seconds."""

_MILLISECONDS_SMALLEST: Final = 0.5
_MILLISECONDS_LARGEST: Final = 500.0
_SURELY_MILLISECONDS: Final = 10_000.0
"""Istio's histogram in milliseconds begins at 0.5 and ends at 3600000; nobody waits 10000 seconds for a request."""


@dataclass(frozen=True, slots=True)
class MeshMetrics:
    """Names in Prometheus.

    Attributes:
        requests: counter of requests, with response codes and flags.
        duration: the histogram's buckets.
        unit: of the buckets' bounds.
        response_bytes: buckets of the size of answers.
    """

    requests: str = REQUESTS
    duration: str = DURATIONS[0]
    unit: Unit = "ms"
    response_bytes: str = RESPONSE_BYTES


ISTIO_NAMES: Final = MeshMetrics()
"""Names of Istio 1.5 and newer."""


@dataclass(frozen=True, slots=True)
class ConfiguredNames:
    """Names as configured; "" and "auto" are found by asking Prometheus."""

    requests: str = ""
    duration: str = ""
    unit: Literal["auto", "ms", "s"] = "auto"
    response_bytes: str = ""

    def names(self, duration: str = "") -> MeshMetrics:
        """Return the names with this duration metric; without one, with the likeliest one."""
        chosen = duration or self.durations[0]
        return MeshMetrics(
            requests=self.requests or REQUESTS,
            duration=chosen,
            unit=self.unit if self.unit != "auto" else unit_by_name(chosen) or "ms",
            response_bytes=self.response_bytes or self._like_requests(RESPONSE_BYTES),
        )

    @property
    def durations(self) -> tuple[str, ...]:
        """Names that the duration's buckets may have, the likeliest first; a configured name alone."""
        if self.duration:
            return (self.duration,)
        same = [self._like_requests(name) for name in DURATIONS]
        return tuple(dict.fromkeys((*same, *DURATIONS)))

    def _like_requests(self, name: str) -> str:
        """Return a name with the prefix of the requests metric: rules that record one metric record all of them."""
        prefix, found, suffix = self.requests.partition(REQUESTS)
        return f"{prefix}{name}" if found and not suffix else name


def unit_by_name(name: str) -> Unit | None:
    """Return the unit that a metric's name contains; None if it contains none."""
    words = re.split(r"[_:]", name.lower())
    if {"milliseconds", "millis", "ms"} & set(words):
        return "ms"
    return "s" if {"seconds", "s"} & set(words) else None


def unit_by_bounds(bounds: Sequence[float], *, surely: bool = False) -> Unit | None:
    """Return the unit of a histogram by its bounds; None if they could be of either.

    Args:
        bounds: in any order; infinite ones do not count.
        surely: only answer if the bounds prove a name with another unit wrong.
    """
    finite = [bound for bound in bounds if bound < inf]
    if not finite:
        return None
    if max(finite) <= _SECONDS_LARGEST and min(finite) <= (_SURELY_SECONDS if surely else _SECONDS_SMALLEST):
        return "s"
    if min(finite) <= _NO_MILLISECOND and max(finite) <= _HOUR:
        return "s"
    largest = _SURELY_MILLISECONDS if surely else _MILLISECONDS_LARGEST
    return "ms" if max(finite) >= largest and min(finite) >= _MILLISECONDS_SMALLEST else None


def bucket_name(name: str) -> str:
    """Return the name of a histogram's buckets."""
    return name if name.endswith(BUCKET) else f"{name}{BUCKET}"


def histogram_name(name: str) -> str:
    """Return the name of the histogram itself, which only the series of a native histogram have."""
    return name.removesuffix(BUCKET)
