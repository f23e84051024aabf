"""Evidence built row by row: counts of both arms in scrapes of 5 s; the canary gets users from second 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum

SECONDS = 5.0
Pair = tuple[int, int]
Row = tuple[Pair, Pair]
"""(canary, stable), each (requests, bad ones)."""

QUIET: Pair = (0, 0)


def strata(past: Sequence[Pair], rows: Sequence[Row]) -> tuple[Stratum, ...]:
    """Make stable's past before second 0, then rows of both arms."""
    everything = [(QUIET, stable) for stable in past] + list(rows)
    return tuple(
        Stratum(number * SECONDS, (number + 1) * SECONDS, Counts(*stable), Counts(*canary))
        for number, (canary, stable) in enumerate(everything, -len(past))
    )


def evenly(requests: int, every: int, count: int) -> list[Pair]:
    """Make scrapes of which every `every`-th has one bad request."""
    return [(requests, int(number % every == every - 1)) for number in range(count)]


def incident(requests: int, bad: int, length: int, count: int) -> list[Pair]:
    """Make a past of stable that ends with an incident and a quiet half minute."""
    return [*evenly(requests, 4, count - length - 6), *[(requests, bad)] * length, *evenly(requests, 4, 6)]


def metric(kind: MetricKind, *series: Series, objective: Series | None = None) -> MetricEvidence:
    """Make a metric of the standard weight and unit."""
    weight = {MetricKind.ERRORS: 0.6, MetricKind.LATENCY: 0.25}.get(kind, 0.15)
    unit = "ms" if kind is MetricKind.LATENCY else ""
    return MetricEvidence(str(kind), kind, series, unit=unit, weight=weight, objective=objective)


def evidence(
    errors: tuple[Stratum, ...], *more: MetricEvidence, weight: int | None = 10, rung_started: float = 0.0
) -> Evidence:
    """Wrap strata of errors and further metrics; other requests are counted with none bad if no metric is given."""
    others = more or (metric(MetricKind.ANSWERS, Series(sound(errors), label="4xx")),)
    return Evidence(
        (metric(MetricKind.ERRORS, Series(errors)), *others),
        0.0, rung_started, max(0.0, errors[-1].end), SECONDS, aligned=False, weight=weight,
    )  # fmt: skip


def sound(counted: tuple[Stratum, ...]) -> tuple[Stratum, ...]:
    """Make strata of the same requests with none bad."""
    return tuple(
        replace(s, stable=Counts(s.stable.total, 0), canary=Counts(s.canary.total, 0), unattributed=0) for s in counted
    )
