"""The objective in plain numbers: a canary that is above it does not pass while stable meets it.

The guard fails a canary, so it needs any-time evidence, which noise in stable's history reduces. The check here only
keeps a canary from passing, so plain counts decide: no incident in stable's history excuses a canary that is above the
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

_MIN_ALLOWED = 1e-6

_FAR: Final = 2.0
"""So many times the allowed share is not the noise of a service that is always close to its objective."""

_STRAY: Final = 1
"""So many bad requests say nothing about the canary, even if it had few requests in all."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An absolute bound of one metric.

    Attributes:
        metric: the metric it belongs to.
        series: the strata whose bad requests it limits.
        allowed: largest share (0-1) of bad requests.
        flag: the setting that states it.
        limit: for latency the limit that was asked for, in ms, if the series' bound is larger; else None.
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
    """Return the objectives that the rules state and the evidence can check."""
    found = []
    for metric in metrics:
        if metric.kind is MetricKind.ERRORS and rules.success_slo is not None and metric.series:
            found.append(
                Objective(metric, metric.series[-1], max(1.0 - rules.success_slo, _MIN_ALLOWED), "--success-slo")
            )
        if metric.objective is not None and rules.latency_slo is not None:
            bound, asked = metric.objective.bound, rules.latency_limit_ms
            limit = asked if asked is not None and bound is not None and bound > asked else None
            found.append(Objective(metric, metric.objective, rules.latency_slo, "--latency-slo", limit))
    return tuple(found)


def unanswered(metrics: Sequence[MetricEvidence], rules: Rules) -> str | None:
    """Return the sentence for a latency objective that no evidence can check, or None."""
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

    Earlier rungs do not count if the present one alone shows that the canary meets it.
    """
    return [window for window in _counting(strata, allowed, rung_started) if exceeds(window.canary, allowed)]


def broken(strata: Sequence[Stratum], allowed: float, rung_started: float, min_bad: int) -> Window | None:
    """Return a window in which the canary breaks the objective and stable meets it, or None.

    One of two things is beyond doubt: the canary is above the objective; or it is worse than stable, while its share is
    above the objective and stable's is not. The second needs fewer requests.

    Args:
        strata: of the objective's series, history included.
        allowed: share (0-1) that is allowed.
        rung_started: when the present weight was set, unix seconds.
        min_bad: bad canary requests below which nothing is called broken.
    """
    for window in windows_above(strata, allowed, rung_started):
        if window.canary.bad >= min_bad and not exceeds(window.stable, allowed):
            return window
    if not any(_over(window.canary, allowed, min_bad) for window in windows(strata, rung_started)):
        return None
    quiet = without_incidents(strata)
    noise = dispersion_over_time(quiet)
    for window in _counting(quiet, allowed, rung_started):
        canary, stable = window.canary, window.stable
        if not _over(canary, allowed, min_bad) or stable.bad > allowed * stable.total:
            continue
        if log_fisher(canary, stable) / noise < log(DOUBT):
            return window
    return None


def missed_by_both(strata: Sequence[Stratum], allowed: float, rung_started: float) -> Window | None:
    """Return the present rung if both arms are above the objective in it, one of them by far; else None.

    The guard asks this about the last three scrapes, in which few requests show nothing. If stable is far above the
    objective, hardly anything could be caught, so the canary's plain share decides. An incident of stable that is over
    does not count: then the canary has to meet the objective on its own.

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


def _over(counts: Counts, allowed: float, min_bad: int) -> bool:
    return counts.bad >= min_bad and counts.bad > allowed * counts.total


def _counting(strata: Sequence[Stratum], allowed: float, rung_started: float) -> list[Window]:
    """Return the windows that count: not the whole run, if the rung shows that the canary meets the objective."""
    seen = windows(strata, rung_started)
    if all(window.present for window in seen):
        return list(seen)
    is_met = seen[0].present and lower_tail(seen[0].canary, allowed) < DOUBT
    return [window for window in seen if window.present or not is_met]


def exceeds(counts: Counts, allowed: float) -> bool:
    """Return whether an arm is above the allowed share beyond doubt, in plain numbers."""
    return upper_tail(counts, allowed) < DOUBT
