"""The one sentence of a judgement, in English, with the numbers that matter."""

from datetime import UTC, datetime
from math import ceil, floor

from steps.model.evidence import Health, MetricKind
from steps.model.judgement import GuardJudgement, MetricJudgement, SeriesJudgement


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


def comparison(metric: MetricJudgement, series: SeriesJudgement) -> str:
    """Say both arms' counts: "canary 23/1204 = 1.9 % failed v. stable 11/10880 = 0.10 %"."""
    stable = series.stable_bad / series.stable_total if series.stable_total else 0.0
    return (
        f"canary {series.canary_bad}/{series.canary_total} = {percent(series.canary_ratio)} {_bad(metric, series)}"
        f" v. stable {series.stable_bad}/{series.stable_total} = {percent(stable)}"
    )


def _bad(metric: MetricJudgement, series: SeriesJudgement) -> str:
    bound = "" if series.bound is None else f"{series.bound:g} {metric.unit}".strip()
    label = f" (stable's {series.label})" if series.label else ""
    match metric.kind:
        case MetricKind.ERRORS:
            return "failed"
        case MetricKind.LATENCY:
            return f"slower than {bound}{label}"
        case MetricKind.SMALL_BODIES:
            return f"empty or tiny (at most {bound} on the wire)"
        case _ if bound:
            return f"{series.label} {bound} in {metric.name}"
        case _:
            return f"bad in {metric.name}"


def worse(
    metric: MetricJudgement, series: SeriesJudgement, alarm_at: float, exposed_at: float, strata: int, alpha: float
) -> str:
    """Explain an alarm of the comparison."""
    limit = ""
    if series.ratio_low is not None and series.ratio_low > 1.0:
        limit = f"at least {series.ratio_low:.1f} times as bad (any-time {100 * (1 - alpha):g} %); "
    return (
        f"{comparison(metric, series)}; {limit}first alarm {clock(alarm_at)}"
        f" after {span(alarm_at - exposed_at)}; {_strata(strata)}"
    )


def broken(guard: GuardJudgement, rungs: int) -> str:
    """Explain an alarm of the guard."""
    return (
        f"canary had {percent(guard.canary_ratio)} bad requests in {guard.metric} over its last {_strata(rungs)},"
        f" allowed are {percent(guard.allowed_ratio)}, and stable had {percent(guard.stable_ratio)}"
    )


def shared(guard: GuardJudgement) -> str:
    """Explain why nothing is decided while both arms are out of bounds."""
    return (
        f"both arms are out of bounds in {guard.metric}: canary {percent(guard.canary_ratio)}, stable"
        f" {percent(guard.stable_ratio)}, allowed {percent(guard.allowed_ratio)}; the trouble is not the canary's"
        f" alone: mend what both share, or allow more if this is normal"
    )


def blind(requests: int, strata: int) -> str:
    """Explain why there is no pass where no failure could have been seen."""
    return (
        f"with {requests} canary requests in {_strata(strata)} not even a total failure would have been caught:"
        f" stable's own failures come in such bursts, or its traffic is too little"
    )


def healthy(requests: int, strata: int, detectable: float, bad: str) -> str:
    """Explain a pass by "no-harm": what was seen, and what would have been caught."""
    seen = f"with {requests} canary requests in {_strata(strata)}"
    if detectable >= 0.995:  # noqa: PLR2004 - rounds to 100 %
        return f"healthy as far as seen {seen}; only a total failure would have been caught"
    return f"healthy; {seen} a rise to {percent(detectable)} {bad} or more would have been caught"


def failing(metric: MetricJudgement) -> str:
    """Name what "bad" means in a pass sentence: "failures", "requests slower than 250 ms"."""
    if metric.kind == MetricKind.ERRORS or not metric.series:
        return "failures"
    return f"requests {_bad(metric, metric.series[0])}"


def proven(names: str, requests: int, strata: int, difference: float) -> str:
    """Explain a pass by "proven"."""
    return (
        f"proven: with {requests} canary requests in {_strata(strata)} the canary is worse by less than"
        f" {percent(difference)} in {names}"
    )


def not_proven(name: str, worse: float, tolerated: float) -> str:
    """Explain what still lacks for "proven"."""
    return (
        f"not yet proven in {name}: the canary's share of bad requests may still be {_points(worse)} above stable's,"
        f" tolerated are {_points(tolerated)}; more requests or time would settle it"
    )


def _points(share: float) -> str:
    return f"{100 * share:.2g} percentage points"


def alone(requests: int, strata: int, guards: tuple[GuardJudgement, ...]) -> str:
    """Explain a pass at weight 100, where nothing is left to compare with."""
    kept = ", ".join(f"{guard.metric} at most {percent(guard.allowed_ratio)}" for guard in guards)
    return (
        f"healthy by the absolute guard alone ({kept}) with {requests} canary requests in {_strata(strata)}:"
        f" at weight 100 stable has no requests to compare with"
    )


def too_few(requests: int, strata: int, needed: int, needed_strata: int, *, deadline_reached: bool) -> str:
    """Explain why there is no pass yet for lack of data, and at the deadline what helps; says only what is lacking."""
    lacking = [f"{requests} of {needed} canary requests"] if requests < needed else []
    lacking += [f"{strata} of {needed_strata} scrapes"] if strata < needed_strata else []
    cure = "a higher weight or a longer deadline" if requests < needed else "a longer deadline"
    remedy = f"; {cure} would help" if deadline_reached else ""
    return f"{' and '.join(lacking)} seen on this weight{remedy}"


def too_early(seconds: float, needed_seconds: float, *, deadline_reached: bool) -> str:
    """Explain why there is no pass yet though enough was seen, and at the deadline what helps."""
    remedy = "; the deadline of a rung must be longer than that" if deadline_reached else ""
    # Rounded apart: "10 s of at least 10 s" would explain nothing.
    return f"{span(floor(seconds))} of at least {span(ceil(needed_seconds))} on this weight have passed{remedy}"


def silent(stable_requests: int, expected: float | None, seconds: float) -> str:
    """Explain silence of the canary."""
    hope = "" if expected is None else f" where about {expected:.0f} were expected"
    return (
        f"no canary traffic: no canary request in {span(seconds)}{hope}, while stable had {stable_requests};"
        f" check the routes, the canary's Service and pods, and that the metrics carry its workload"
    )


def fewer(canary: int, requests: int, weight: int) -> str:
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


def foreseen(per_second: float, requests: float, seconds: float, detectable: float | None) -> str:
    """Say beforehand what this much traffic can show by the deadline."""
    rate = f"at {per_second:.2g} canary requests a second, about {requests:.0f} in {span(seconds)},"
    if detectable is None:
        return f"{rate} even a total failure could go unnoticed: raise the weight, wait longer, or add probes"
    return f"{rate} a rise to {percent(detectable)} failures or more will be caught, nine times out of ten"


def unhealthy(health: Health, what: str) -> str:
    """Explain a failure by the pods' own state."""
    detail = f" ({health.detail})" if health.detail else ""
    return f"the canary's pods are unhealthy: {what}; {health.ready} of {health.desired} ready{detail}"


def _strata(count: int) -> str:
    return "1 scrape" if count == 1 else f"{count} scrapes"
