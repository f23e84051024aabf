"""Sample size: are there enough requests for a pass? And is the canary silent although its weight promises some?"""

from dataclasses import dataclass

from steps.judge.rules import Rules
from steps.judge.wording import waits
from steps.model.evidence import Evidence, MetricKind, Series

_SPLIT_IS_KNOWN = 20
"""Canary requests from which the observed split of the traffic is believed."""


@dataclass(frozen=True, slots=True)
class RungCounts:
    """Counts of the present rung.

    Attributes:
        canary, stable: requests since the weight was set.
        strata: those with canary traffic.
        seconds: time covered since the weight was set.
        silent: seconds since the canary's last request, or since the weight was set.
        stable_silent: stable's requests in that time.
    """

    canary: int
    stable: int
    strata: int
    seconds: float
    silent: float
    stable_silent: int


def main_series(evidence: Evidence) -> Series | None:
    """Return the series that counts every request: of the errors if there is such a metric, else of the first."""
    metrics = sorted(evidence.metrics, key=lambda metric: metric.kind is not MetricKind.ERRORS)
    return next((metric.series[0] for metric in metrics if metric.series), None)


def count_rung(evidence: Evidence) -> RungCounts:
    """Count the requests, strata and seconds of the present rung."""
    series = main_series(evidence)
    strata = [s for s in series.strata if s.end > evidence.rung_started] if series else []
    heard = max((s.end for s in strata if s.canary.total), default=evidence.rung_started)
    return RungCounts(
        canary=sum(s.canary.total for s in strata),
        stable=sum(s.stable.total for s in strata),
        strata=sum(1 for s in strata if s.canary.total),
        seconds=max(0.0, evidence.until - evidence.rung_started),
        silent=max(0.0, evidence.until - heard),
        stable_silent=sum(s.stable.total for s in strata if s.end > heard),
    )


def silence(evidence: Evidence, rung: RungCounts, rules: Rules) -> str | None:
    """Return the sentence for a canary that is silent although its weight promises requests, or None."""
    if rung.silent < rules.silent_seconds or evidence.weight == 0:
        return None
    expected = _expected(evidence, rung)
    if expected is None or expected < rules.silent_requests:
        return None
    return waits.silent(rung.stable_silent, expected, rung.silent)


def _expected(evidence: Evidence, rung: RungCounts) -> float | None:
    """Return the canary requests that stable's traffic in the silent time made likely; None if nothing tells."""
    likely = []
    if evidence.weight is not None:
        likely.append(rung.stable_silent * evidence.weight / max(1, 100 - evidence.weight))
    if rung.canary >= _SPLIT_IS_KNOWN and rung.stable > rung.stable_silent:
        likely.append(rung.stable_silent * rung.canary / (rung.stable - rung.stable_silent))
    return min(likely, default=None)


def shortage(rung: RungCounts, detectable: float | None, rules: Rules, *, deadline_reached: bool) -> str | None:
    """Return the sentence for too little data, or None if there is enough for a pass.

    Before the deadline and within `patience_seconds`, `min_requests` are needed; later `patient_requests` will do if
    a canary that fails `patient_detectable` of its requests would have been caught.
    """
    patient = deadline_reached or rung.seconds >= rules.patience_seconds
    needed = rules.min_requests
    if patient and detectable is not None and detectable <= rules.patient_detectable:
        needed = min(rules.patient_requests, rules.min_requests)
    short = rung.canary < needed or rung.strata < rules.min_strata or rung.seconds < rules.min_seconds
    if not short:
        return None
    if rung.canary >= needed and rung.strata >= rules.min_strata:
        return waits.too_early(rung.seconds, rules.min_seconds, deadline_reached=deadline_reached)
    return waits.too_few(rung.canary, rung.strata, needed, rules.min_strata, deadline_reached=deadline_reached)


def progress(evidence: Evidence, rules: Rules) -> float:
    """Return the progress (0-1) towards what a pass of the present rung needs: requests, strata and time."""
    rung = count_rung(evidence)
    parts = [rung.canary / rules.min_requests, rung.strata / max(1, rules.min_strata)]
    parts += [rung.seconds / rules.min_seconds] if rules.min_seconds > 0 else []
    return min(1.0, *parts)
