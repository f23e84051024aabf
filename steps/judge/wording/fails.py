"""Sentences against the canary: why it fails, or why it does not pass although nothing failed it."""

from typing import Final

from steps.judge.comparison.limiting_factor import LimitingFactor
from steps.judge.wording.phrases import clock, comparison, percent, scrapes, share, since_when, span
from steps.model.evidence import Counts, MetricKind
from steps.model.judgement import GuardJudgement, MetricJudgement, SeriesJudgement

REAL: Final = 1.05
"""A limit of the ratio of the rates below this says nothing."""

MOST: Final = 1e6
"""Evidence above this is not written out."""


CAUTIONS: Final = {
    LimitingFactor.NOISE: "but stable's own failures are too uneven to be sure (overdispersion {phi})",
    LimitingFactor.BURSTS: "but pods of stable failed in bursts as well, and this has not outlasted theirs yet",
    LimitingFactor.CAP: "but no single scrape may decide, and more of them must agree",
    LimitingFactor.NOTHING: "but there are too few requests for an alarm",
}
"""Why the evidence of a large difference is small, to be filled with phi."""


def worse(
    metric: MetricJudgement, series: SeriesJudgement, since: float | None, alarm_at: float, seconds: float,
    strata: int, alpha: float,
) -> str:  # fmt: skip
    """Explain an alarm of the comparison.

    Args:
        metric: the metric that carried it.
        series: its worst series, with the counts to show and the limits of the whole run.
        since: when a late fault began, unix seconds; None where it was there from the start.
        alarm_at: when the line was crossed, unix seconds.
        seconds: how long after the fault's first scrape began.
        strata: scrapes with canary traffic until then.
        alpha: chance of a false alarm.
    """
    limit = ""
    if series.ratio_low is not None and series.ratio_low > REAL:
        over = "over the whole run " if since is not None else ""
        limit = f"{over}at least {series.ratio_low:.1f} times {_rate(metric)} ({100 * (1 - alpha):g} % confidence); "
    return (
        f"{comparison(metric, series, since_when(since))}; {limit}first alarm {clock(alarm_at)}"
        f" after {span(seconds)}; {scrapes(strata)}"
    )


def _rate(metric: MetricJudgement) -> str:
    return "the failure rate" if metric.kind == MetricKind.ERRORS else "stable's rate"


def broken(guard: GuardJudgement, what: str, rungs: int) -> str:
    """Explain an alarm of the guard; `what` says what is bad."""
    stable = f"stable had {percent(guard.stable_ratio)}" if guard.stable_total else "stable had no request"
    return (
        f"canary {share(Counts(guard.canary_total, guard.canary_bad))} {what} over its last {scrapes(rungs)}:"
        f" at most {percent(guard.allowed_ratio)} is allowed, and {stable}"
    )


def shared(guard: GuardJudgement, what: str, flag: str) -> str:
    """Explain why nothing is decided while both arms are out of bounds."""
    return (
        f"both arms are out of bounds: canary {percent(guard.canary_ratio)} {what}, stable"
        f" {percent(guard.stable_ratio)}, allowed {percent(guard.allowed_ratio)}; the canary alone is not to blame:"
        f" fix the shared cause, or allow more with {flag} if this is normal"
    )


def missed_by_both(counts: str, allowed: float, flag: str) -> str:
    """Explain why a canary does not pass that fails much, while stable fails much as well, maybe more."""
    return (
        f"both arms are out of bounds: {counts}, allowed {percent(allowed)}; the canary alone is not to blame, and is"
        f" not healthy: fix what still fails, or allow more with {flag} if this is normal"
    )


def above(counts: str, allowed: float, flag: str, *, compared: bool) -> str:
    """Explain why a canary above its objective does not pass; `compared`: stable had requests, and meets it."""
    others = ", which stable meets" if compared else ""
    return f"{counts}: above the objective (at most {percent(allowed)}, {flag}){others}; not passing"


def suspicious(counts: str, value: float, line: float) -> str:
    """Explain why nothing passes while the evidence against the canary is considerable."""
    shown = f"over {MOST:.0f}" if value > MOST else f"{value:.0f}"
    small = "; an alarm needs more bad requests, or a larger difference" if value >= line else ""
    return f"{counts}: suspicious (evidence {shown}, alarm at {line:.0f}), not passing yet{small}"


def apart(counts: str, cause: str) -> str:
    """Explain why a large difference without an alarm does not pass."""
    return f"{counts}: the difference is large, {cause}; not passing yet"


def unexplained(counts: Counts, what: str) -> str:
    """Explain why most answers of one class do not pass where stable has no answer to compare with."""
    return (
        f"canary {share(counts)} {what}, while stable fails, so there is no answer of stable to compare with;"
        f" not passing"
    )


def unattributed(counted: int) -> str:
    """Add to an alarm how many of the failures no proxy could attribute."""
    return f"; {counted} of them failed before an upstream was chosen, since the canary got its weight"


def worse_than_before(now: Counts, what: str, past: Counts, where: str) -> str:
    """Explain an alarm at weight 100: the canary is clearly worse than in the past."""
    return (
        f"at weight 100 canary {share(now)} {what} v. {share(past)} {where}:"
        f" clearly worse than before (stable has no requests to compare with)"
    )


def doubtful(now: Counts, what: str, past: Counts, where: str, allowed: float) -> str:
    """Explain why a canary that looks worse than its past does not pass at weight 100."""
    return (
        f"at weight 100 canary {share(now)} {what} v. {share(past)} {where}: more than the {percent(allowed)} that"
        f" would be tolerated; not passing yet"
    )
