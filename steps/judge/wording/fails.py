"""Sentences of a fail: by the comparison, the guard, the reference at weight 100, or the health of the pods."""

from typing import Final

from steps.judge.wording.phrases import clock, comparison, percent, scrapes, share, since_when, span
from steps.model.evidence import Counts, Health, MetricKind
from steps.model.judgement import GuardJudgement, MetricJudgement, SeriesJudgement

_NOTABLE_RATIO: Final = 1.05
"""A lower limit of the ratio of the rates below this says nothing."""


def worse(
    metric: MetricJudgement, series: SeriesJudgement, since: float | None, alarm_at: float, seconds: float,
    strata: int, alpha: float,
) -> str:  # fmt: skip
    """Explain an alarm of the comparison.

    Args:
        metric: the metric that contributed most.
        series: its worst series, with the counts to show and the limits over the whole run.
        since: when a late fault began, unix seconds; None if it was there from the start.
        alarm_at: when the alarm line was crossed, unix seconds.
        seconds: time from the start of the fault's first scrape to the alarm.
        strata: scrapes with canary traffic until then.
        alpha: chance of a false alarm.
    """
    limit = ""
    if series.ratio_low is not None and series.ratio_low > _NOTABLE_RATIO:
        over = "over the whole run " if since is not None else ""
        limit = f"{over}at least {series.ratio_low:.1f} times {_rate(metric)} ({100 * (1 - alpha):g} % confidence); "
    return (
        f"{comparison(metric, series, since_when(since))}; {limit}first alarm {clock(alarm_at)}"
        f" after {span(seconds)}; {scrapes(strata)}"
    )


def _rate(metric: MetricJudgement) -> str:
    return "the failure rate" if metric.kind == MetricKind.ERRORS else "stable's rate"


def unattributed(counted: int) -> str:
    """Add to an alarm how many of the failures no proxy could attribute."""
    return f"; {counted} of them failed before an upstream was chosen, since the canary got its weight"


def broken(guard: GuardJudgement, what: str, strata: int) -> str:
    """Explain an alarm of the guard; `what` says what is bad, `strata` how many scrapes it looked at."""
    stable = f"stable had {percent(guard.stable_ratio)}" if guard.stable_total else "stable had no request"
    return (
        f"canary {share(Counts(guard.canary_total, guard.canary_bad))} {what} over its last {scrapes(strata)}:"
        f" at most {percent(guard.allowed_ratio)} is allowed, and {stable}"
    )


def failed_as_a_whole(counts: str, at: float) -> str:
    """Explain the alarm of one scrape in which the canary fails as a whole; `counts` compares the arms."""
    return f"{counts} in the scrape of {clock(at)}: the canary fails as a whole"


def over_budget(counts: str, limit: int) -> str:
    """Explain that a further trial has failed more requests than it may."""
    return f"{counts}: a further trial may fail at most {limit} requests beyond stable's rate"


def worse_than_before(now: Counts, what: str, past: Counts, where: str) -> str:
    """Explain an alarm at weight 100: the canary is clearly worse than its reference."""
    return (
        f"at weight 100 canary {share(now)} {what} v. {share(past)} {where}:"
        f" clearly worse than before (stable has no requests to compare with)"
    )


def unhealthy(health: Health, what: str) -> str:
    """Explain a failure by the state of the pods."""
    detail = f" ({health.detail})" if health.detail else ""
    return f"the canary's pods are unhealthy: {what}; {health.ready} of {health.desired} ready{detail}"
