"""What the last look of an analysis saw, in the few numbers that a claim keeps for boards and metrics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of one metric since the canary's first exposure, as its row in a report has them.

    Args:
        metric: name of the metric, and of its series where it has several: `latency p99`.
        canary_total, canary_bad, stable_total, stable_bad: requests, >= 0.
    """

    metric: str
    canary_total: int
    canary_bad: int
    stable_total: int
    stable_bad: int


@dataclass(frozen=True, slots=True)
class LastLook:
    """One look, summed up.

    Args:
        at: when it was (unix seconds, the API server's).
        evidence: against the canary, as a share of its line: 0 = none, 1 = alarm.
        counts: of each metric.
        at_risk: requests that the canary may still get until the end of the ladder; None if it is unknown.
        waiting_since: since when a gate waits for a person (unix seconds); 0 if none does.
    """

    at: float
    evidence: float
    counts: tuple[Counts, ...] = ()
    at_risk: int | None = None
    waiting_since: float = 0.0
