"""The objective in plain numbers: a canary that is above it, while stable is not, does not pass.

The guard fails a canary, so it needs any-time evidence, which noise in stable's past makes smaller. This question only
keeps a canary from passing, so plain counts decide it: no incident in stable's past excuses a canary that breaks the
objective now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import DOUBT, log_fisher, lower_tail, upper_tail
from steps.judge.statistics.incidents import dispersion_over_time, without_incidents
from steps.judge.statistics.windows import Window, windows
from steps.judge.wording.phrases import what_is_bad
from steps.model.evidence import Counts, MetricEvidence, MetricKind, Series, Stratum

_LEAST = 1e-6

_FAR: Final = 2.0
"""So many times what is allowed is not the noise of a service that lives close to its objective."""

_STRAY: Final = 1
"""So many bad requests say nothing about the canary, however few it had in all."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An absolute bound of one metric.

    Attributes:
        metric: the metric it belongs to.
        series: strata whose bad requests it limits.
        allowed: largest share (0-1) of bad requests.
        flag: the setting that states it.
        limit: for latency what was asked for, in ms, if the series' bound is larger; else None.
    """

    metric: MetricEvidence
    series: Series
    allowed: float
    flag: str
    limit: float | None = None

    def above(self, rung_started: float, allowed: float | None = None) -> list[Window]:
        """Return the windows in which the canary is above it beyond doubt; `allowed` replaces its own share."""
        return windows_above(self.series.strata, self.allowed if allowed is None else allowed, rung_started)

    @property
    def what(self) -> str:
        """What a bad request is: "failed", "slower than 500 ms (the bucket bound above 400 ms)"."""
        if self.series is not self.metric.objective:
            return what_is_bad(self.metric.kind, self.metric.name, self.metric.unit, self.series)
        bound = f"slower than {self.series.bound:g} {self.metric.unit or 'ms'}" if self.series.bound else "too slow"
        return bound if self.limit is None else f"{bound} (the bucket bound above {self.limit:g} ms)"


def objectives(metrics: Sequence[MetricEvidence], rules: Rules) -> tuple[Objective, ...]:
    """Return the objectives that the rules state and the evidence can answer."""
    found = []
    for metric in metrics:
        if metric.kind is MetricKind.ERRORS and rules.success_slo is not None and metric.series:
            found.append(Objective(metric, metric.series[-1], max(1.0 - rules.success_slo, _LEAST), "--success-slo"))
        if metric.objective is not None and rules.latency_slo is not None:
            bound, asked = metric.objective.bound, rules.latency_limit_ms
            limit = asked if asked is not None and bound is not None and bound > asked else None
            found.append(Objective(metric, metric.objective, rules.latency_slo, "--latency-slo", limit))
    return tuple(found)


def unanswered(metrics: Sequence[MetricEvidence], rules: Rules) -> str | None:
    """Return the sentence for an objective of latency that no evidence can answer, or None."""
    if rules.latency_slo is None:
        return None
    found = [metric.objective for metric in metrics if metric.objective is not None]
    if not found:
        return (
            "--latency-slo cannot be judged: there are no buckets of the request duration for it;"
            " let Prometheus scrape istio_request_duration_milliseconds, or unset --latency-slo"
        )
    if not any(stratum.canary.total for series in found for stratum in series.strata):
        return "--latency-slo cannot be judged yet: the canary has no request with a duration"
    return None


def windows_above(strata: Sequence[Stratum], allowed: float, rung_started: float) -> list[Window]:
    """Return the windows in which the canary is above the allowed bad share (0-1) beyond doubt, the rung first.

    What lies before the present rung does not count if the rung by itself shows that the canary is within it.
    """
    return [window for window in _counting(strata, allowed, rung_started) if exceeds(window.canary, allowed)]


def broken(strata: Sequence[Stratum], allowed: float, rung_started: float, least: int) -> Window | None:
    """Return a window in which the canary breaks the objective and stable meets it, or None.

    Either is beyond doubt: that the canary is above the objective, or that it is worse than stable, while its share is
    above the objective and stable's is not. The latter needs fewer requests.

    Args:
        strata: of the objective's series, history included.
        allowed: share (0-1) that is allowed.
        rung_started: when the present weight was set, unix seconds.
        least: bad canary requests below which nothing is called broken.
    """
    for window in windows_above(strata, allowed, rung_started):
        if window.canary.bad >= least and not exceeds(window.stable, allowed):
            return window
    if not any(_over(window.canary, allowed, least) for window in windows(strata, rung_started)):
        return None
    quiet = without_incidents(strata)
    noise = dispersion_over_time(quiet)
    for window in _counting(quiet, allowed, rung_started):
        canary, stable = window.canary, window.stable
        if not _over(canary, allowed, least) or stable.bad > allowed * stable.total:
            continue
        if log_fisher(canary, stable) / noise < log(DOUBT):
            return window
    return None


def missed_by_both(strata: Sequence[Stratum], allowed: float, rung_started: float) -> Window | None:
    """Return the present rung if both arms are above the objective in it, one of them by far; else None.

    The guard asks this of the last three scrapes, in which few requests show nothing. Beside a stable that is far above
    it hardly anything could be caught, so there the canary's plain share decides. An incident of stable that is over
    does not count: then the canary has to meet the objective by itself.

    Args:
        strata: of the objective's series, history included.
        allowed: share (0-1) that is allowed.
        rung_started: when the present weight was set, unix seconds.
    """
    seen = windows(strata, rung_started)
    if not seen or not seen[0].present or seen[0].last:
        return None
    rung, recent = seen[0], max((window for window in seen if window.last), key=_length, default=seen[0])
    if recent.stable.bad <= allowed * recent.stable.total or not exceeds(rung.stable, allowed):
        return None
    far = _FAR * allowed
    is_above = _over(rung.canary, allowed, _STRAY + 1) if exceeds(rung.stable, far) else exceeds(rung.canary, far)
    return rung if is_above else None


def _length(window: Window) -> int:
    return len(window.strata)


def _over(counts: Counts, allowed: float, least: int) -> bool:
    return counts.bad >= least and counts.bad > allowed * counts.total


def _counting(strata: Sequence[Stratum], allowed: float, rung_started: float) -> list[Window]:
    """Return the windows that count: the whole run does not, if the rung shows that the canary is within bounds."""
    seen = windows(strata, rung_started)
    if all(window.present for window in seen):
        return list(seen)
    kept = seen[0].present and lower_tail(seen[0].canary, allowed) < DOUBT
    return [window for window in seen if window.present or not kept]


def exceeds(counts: Counts, allowed: float) -> bool:
    """Tell whether an arm is above the allowed share beyond doubt, in plain numbers."""
    return upper_tail(counts, allowed) < DOUBT
