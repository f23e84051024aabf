"""Bucket bounds, chosen from stable alone before the canary starts: what slow and small mean for this service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Final

_QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
_TAIL: Final = ("tail", 0.999)
_FAR: Final = 4.0
_SMALL: Final = 0.01


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a run; they never change within it.

    Attributes:
        latency: (label, bound in the metric's own unit): the bucket bounds at or above stable's p50, p90 and p99, and a
            higher one that hardly any request of stable exceeds.
        small: bound in bytes at or below stable's 1 % quantile of responses; None if unknown.
    """

    latency: tuple[tuple[str, float], ...] = ()
    small: float | None = None


def parse_le(text: str) -> float:
    """Return an `le` as a number: Prometheus 3 writes "5.0" where 2.x writes "5". NaN if it is not a number."""
    try:
        return float(text)
    except ValueError:
        return nan


def finite_bounds(texts: Iterable[str]) -> tuple[float, ...]:
    """Return the finite bounds among the `le` of a histogram, in order."""
    return tuple(sorted({value for text in texts if -inf < (value := parse_le(text)) < inf}))


def latency_bounds(buckets: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Choose bounds from cumulative counts by `le`; quantiles that share a bound share a label ("p50/p90").

    The last bound is at least four times that of p99, and at or above p99.9: near p99 stable's own noise comes in
    bursts, which would hide a few very slow requests.
    """
    finite, total = _split(buckets)
    chosen: dict[float, list[str]] = {}
    for label, quantile in _QUANTILES:
        if total and finite:
            bound = next((le for le, count in finite if count >= quantile * total), finite[-1][0])
            chosen.setdefault(bound, []).append(label)
    beyond = [(le, count) for le, count in finite if chosen and le >= _FAR * max(chosen)]
    if beyond:
        bound = next((le for le, count in beyond if count >= _TAIL[1] * total), beyond[-1][0])
        chosen[bound] = [_TAIL[0]]
    return tuple(("/".join(labels), bound) for bound, labels in chosen.items())


def small_bound(buckets: Mapping[str, float]) -> float | None:
    """Choose the largest bound which at most 1 % of stable's responses do not exceed."""
    finite, total = _split(buckets)
    return max((le for le, count in finite if count <= _SMALL * total), default=None) if total else None


def _split(buckets: Mapping[str, float]) -> tuple[list[tuple[float, float]], float]:
    """Return the finite (bound, count) in order, and the count of all."""
    numbers = sorted((parse_le(text), count) for text, count in buckets.items() if not isnan(parse_le(text)))
    total = next((count for le, count in numbers if le == inf), 0.0)
    return [(le, count) for le, count in numbers if le < inf], total
