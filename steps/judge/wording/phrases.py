"""The one sentence of a judgement, in English, with the numbers that matter."""

from datetime import UTC, datetime
from math import ceil, floor
from typing import Final

from steps.model.evidence import Counts, Health, MetricKind, Series
from steps.model.judgement import MetricJudgement, SeriesJudgement

_ANSWERS: Final = {
    "no-answer": "got no answer",
    "grpc-mistakes": "answered with a gRPC client error",
    "grpc-refused": "answered with a gRPC refusal",
}
"""Words for the classes of answers that have no code of their own, by label."""

UNLIKE: Final = (
    "while stable fails this much, latency is not compared, since failures are answered at another speed than work,"
    " and answers are compared among the requests that did not fail"
)
"""Note where latency was left out of the comparison."""

NOTHING_TO_JUDGE_BY: Final = (
    "at weight 100 stable gets no requests, and neither an objective nor a past judges the canary: set --success-slo,"
    " or begin with a rung below 100"
)


def percent(share: float) -> str:
    """Write a share (0-1) as a percentage with two significant digits, three from 10 % on: "0.10 %", "1.9 %"."""
    value = 100.0 * share
    digits = 0 if value >= 99.95 or value == 0 else 1 if value >= 1 else 2  # noqa: PLR2004 - reading habits
    if 0 < value < 0.01:  # noqa: PLR2004 - what two digits can still show
        return "under 0.01 %"
    return f"{value:.{digits}f} %"


def clock(seconds: float) -> str:
    """Write unix seconds as the time of day in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")


def span(seconds: float) -> str:
    """Write a duration: "45 s", "12 min"."""
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - 10 minutes


def comparison(metric: MetricJudgement, series: SeriesJudgement, when: str = "") -> str:
    """Say both arms' counts: "canary 23/1204 = 1.9 % failed v. stable 11/10880 = 0.10 %".

    `when` follows the canary's counts: "since 12:03:10 UTC", "over the last 3 scrapes".
    """
    canary, stable = Counts(series.canary_total, series.canary_bad), Counts(series.stable_total, series.stable_bad)
    return counted(canary, stable, what_is_bad(metric.kind, metric.name, metric.unit, series), when)


def counted(canary: Counts, stable: Counts, what: str, when: str = "") -> str:
    """Say both arms' counts of something that is bad."""
    others = f"stable {share(stable)}" if stable.total else "no request of stable"
    return f"canary {share(canary)} {what}{' ' if when else ''}{when} v. {others}"


def share(counts: Counts) -> str:
    """Write counts and their share: "3/51 = 5.9 %"."""
    return f"{counts.bad}/{counts.total} = {percent(counts.bad / counts.total if counts.total else 0.0)}"


def what_is_bad(kind: str, name: str, unit: str, series: Series | SeriesJudgement) -> str:
    """Say what "bad" means for a series: "failed", "slower than 250 ms (stable's p99)", "answered 4xx"."""
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


def since_when(since: float | None) -> str:
    """Write when a late fault began; nothing for one that was there from the start."""
    return "" if since is None else f"since {clock(since)}"


def what(metric: MetricJudgement, series: SeriesJudgement) -> str:
    """Say what "bad" means for a judged series."""
    return what_is_bad(metric.kind, metric.name, metric.unit, series)


def kept(allowed: float, flag: str) -> str:
    """Name an objective that holds at weight 100."""
    return f"at most {percent(allowed)} by {flag}"


def before(past: Counts, where: str) -> str:
    """Name the past that the canary was held against at weight 100."""
    return f"{past.bad}/{past.total} {where}"


def metric_name(metric: MetricJudgement, index: int) -> str:
    """Name a metric, with its series where that has a name."""
    label = metric.series[index].label if metric.series else ""
    return f"{metric.name} ({label})" if label else metric.name


def unseen(arm: str, seconds: float) -> str:
    """Explain that an arm had no request at this weight."""
    return f"no {arm} request seen since the weight was set {span(seconds)} ago: there is nothing to compare"


def strays(stable: Counts) -> str:
    """Note requests that stable got at weight 100."""
    return (
        f"stable still got {stable.total} requests at weight 100, {stable.bad} of them failed: they come past the"
        f" weighted routes and are not compared"
    )


def blind(requests: int, strata: int) -> str:
    """Explain why there is no pass where no failure could have been seen."""
    return (
        f"with {requests} canary requests in {scrapes(strata)} not even a total failure would have been caught:"
        f" stable fails too much or too unevenly, or there is too little traffic"
    )


def low_power(detectable: float | None, demanded: float, more: float | None, *, deadline_reached: bool) -> str:
    """Explain a power below `must_detect`: what would be caught, what was asked for, and what helps."""
    able = "not even a total failure" if detectable is None else f"a rise to {percent(detectable)} failures"
    time = "" if more is None else f" (about {span(more)} more at this traffic)"
    helps = "a higher weight or a longer deadline would help" if deadline_reached else "a higher weight would be faster"
    return f"{able} would have been caught by now, --must-detect asks for {percent(demanded)}{time}; {helps}"


def failing(metric: MetricJudgement) -> str:
    """Name what "bad" means in a pass sentence: "failures", "requests slower than 250 ms"."""
    if metric.kind == MetricKind.ERRORS or not metric.series:
        return "failures"
    return f"requests {what_is_bad(metric.kind, metric.name, metric.unit, metric.series[0])}"


def not_proven(name: str, worse: float, tolerated: float) -> str:
    """Explain what still lacks for "proven"."""
    return (
        f"not yet proven in {name}: the canary's share of bad requests may still be {_points(worse)} above stable's,"
        f" {_points(tolerated)} are tolerated; more requests or time would settle it"
    )


def _points(share: float) -> str:
    return f"{100 * share:.2g} percentage points"


def too_few(requests: int, strata: int, needed: int, needed_strata: int, *, deadline_reached: bool) -> str:
    """Explain why there is no pass yet for lack of data, and at the deadline what helps; says only what is lacking."""
    lacking = [f"{requests} of {needed} canary requests"] if requests < needed else []
    lacking += [f"{strata} of {needed_strata} scrapes"] if strata < needed_strata else []
    cure = "a higher weight or a longer deadline" if requests < needed else "a longer deadline"
    remedy = f"; {cure} would help" if deadline_reached else ""
    return f"{' and '.join(lacking)} seen at this weight{remedy}"


def too_early(seconds: float, needed_seconds: float, *, deadline_reached: bool) -> str:
    """Explain why there is no pass yet though enough was seen, and at the deadline what helps."""
    remedy = "; the deadline of a rung must be longer than that" if deadline_reached else ""
    # Rounded apart: "10 s of at least 10 s" would explain nothing.
    return f"{span(floor(seconds))} of at least {span(ceil(needed_seconds))} at this weight have passed{remedy}"


def silent(stable_requests: int, expected: float | None, seconds: float) -> str:
    """Explain silence of the canary."""
    hope = "" if expected is None else f" where about {expected:.0f} were expected"
    return (
        f"no canary traffic: no canary request in {span(seconds)}{hope}, while stable had {stable_requests};"
        f" check the routes, the canary's Service and pods, and that the metrics carry its workload"
    )


def sample_ratio_mismatch(canary: int, requests: int, weight: int) -> str:
    """Explain that the canary got a smaller part of the requests than its weight says."""
    return (
        f"the canary got {canary} of {requests} requests ({percent(canary / requests)}) since the weight was set to"
        f" {weight} %: some requests reach stable past the weighted routes, or sessions stick to it"
    )


def warming(seconds: float) -> str:
    """Explain why latency keeps a canary from passing yet."""
    return (
        f"latency is judged from {span(seconds)} after the canary's pods became ready (--warmup-seconds), and too few"
        f" scrapes came since"
    )


def forecast(per_second: float, requests: float, seconds: float, detectable: float | None) -> str:
    """Say beforehand what this much traffic can show by the deadline."""
    rate = f"at {per_second:.2g} canary requests a second, about {requests:.0f} in {span(seconds)},"
    if detectable is None:
        return f"{rate} even a total failure could go unnoticed: raise the weight, wait longer, or add probes"
    return f"{rate} a rise to {percent(detectable)} failures or more will be caught, nine times out of ten"


def unhealthy(health: Health, what: str) -> str:
    """Explain a failure by the pods' own state."""
    detail = f" ({health.detail})" if health.detail else ""
    return f"the canary's pods are unhealthy: {what}; {health.ready} of {health.desired} ready{detail}"


def scrapes(count: int) -> str:
    """Write a number of scrapes."""
    return "1 scrape" if count == 1 else f"{count} scrapes"
