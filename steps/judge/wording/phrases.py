"""Phrases from which the sentences of a judgement are made: numbers, times, counts, and what "bad" means.

A metric of a new kind needs its words in `what_is_bad`. The other places that define a metric: its kind in
`model/evidence.py` (MetricKind), its smallest harmful difference in `judge/rules.py` (Rules.floors), and its series and
part of the error budget in `evidence/`.
"""

from typing import Final

from steps.model.evidence import Counts, MetricKind, Series
from steps.model.judgement import MetricJudgement, SeriesJudgement
from steps.model.times import time_of_day

_ANSWERS: Final = {
    "no-answer": "got no answer",
    "grpc-mistakes": "answered with a gRPC client error",
    "grpc-refused": "answered with a gRPC refusal",
}
"""Words for the classes of answers that have no code of their own, by label."""


def percent(share: float) -> str:
    """Format a share (0-1) as a percentage with two significant digits, three from 10 % on: "0.10 %", "1.9 %"."""
    value = 100.0 * share
    digits = 0 if value >= 99.95 or value == 0 else 1 if value >= 1 else 2  # noqa: PLR2004 - reading habits
    if 0 < value < 0.01:  # noqa: PLR2004 - the smallest that two digits show
        return "under 0.01 %"
    return f"{value:.{digits}f} %"


def points(share: float) -> str:
    """Format a difference of shares (0-1)."""
    return f"{100 * share:.2g} percentage points"


def clock(seconds: float) -> str:
    """Format unix seconds as the time of day in UTC."""
    return f"{time_of_day(seconds)} UTC"


def since_when(since: float | None) -> str:
    """Format when a late fault began; empty for a fault that was there from the start."""
    return "" if since is None else f"since {clock(since)}"


def span(seconds: float) -> str:
    """Format a duration: "45 s", "12 min"."""
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - 10 minutes


def scrapes(count: int) -> str:
    """Format a number of scrapes."""
    return "1 scrape" if count == 1 else f"{count} scrapes"


def share(counts: Counts) -> str:
    """Format counts and their share: "3/51 = 5.9 %"."""
    return f"{counts.bad}/{counts.total} = {percent(counts.bad / counts.total if counts.total else 0.0)}"


def comparison(metric: MetricJudgement, series: SeriesJudgement, when: str = "") -> str:
    """Return both arms' counts: "canary 23/1204 = 1.9 % failed v. stable 11/10880 = 0.10 %".

    `when` follows the canary's counts: "since 12:03:10 UTC", "over the last 3 scrapes".
    """
    canary, stable = Counts(series.canary_total, series.canary_bad), Counts(series.stable_total, series.stable_bad)
    return compared(canary, stable, what(metric, series), when)


def compared(canary: Counts, stable: Counts, what_bad: str, when: str = "") -> str:
    """Return both arms' counts, with the words for what is bad."""
    others = f"stable {share(stable)}" if stable.total else "no request of stable"
    return f"canary {share(canary)} {what_bad}{' ' if when else ''}{when} v. {others}"


def what_is_bad(kind: str, name: str, unit: str, series: Series | SeriesJudgement) -> str:
    """Return what "bad" means for a series: "failed", "slower than 250 ms (stable's p99)", "answered 4xx"."""
    bound = "" if series.bound is None else f"{series.bound:g} {unit}".strip()
    label = f" (stable's {series.label})" if series.label else ""
    match kind:
        case MetricKind.ERRORS:
            return "failed"
        case MetricKind.LATENCY:
            return f"slower than {bound}{label}"
        case MetricKind.SMALL_BODIES:
            return f"empty or tiny (at most {bound} on the wire)"
        case MetricKind.ANSWERS:
            return _ANSWERS.get(series.label, f"answered {series.label or 'differently'}")
        case _ if bound:
            return f"{series.label} {bound} in {name}"
        case _:
            return f"bad in {name}"


def what(metric: MetricJudgement, series: SeriesJudgement) -> str:
    """Return what "bad" means for a judged series."""
    return what_is_bad(metric.kind, metric.name, metric.unit, series)


def bad_requests(metric: MetricJudgement) -> str:
    """Return what the bad requests of a metric are called: "failures", "requests slower than 250 ms"."""
    if metric.kind == MetricKind.ERRORS or not metric.series:
        return "failures"
    return f"requests {what(metric, metric.series[0])}"


def metric_name(metric: MetricJudgement, index: int) -> str:
    """Return a metric's name, with that of its series if it has one."""
    label = metric.series[index].label if metric.series else ""
    return f"{metric.name} ({label})" if label else metric.name
