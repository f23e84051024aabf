"""Was enough seen to let the canary pass? And is it silent although its weight promised requests?"""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.judge.rules import Rules
from steps.judge.wording import phrases
from steps.model.evidence import Evidence, MetricKind, Series, Stratum

_KNOWN_SPLIT = 20
"""Canary requests from which their observed part of the traffic is believed."""


@dataclass(frozen=True, slots=True)
class RungCounts:
    """What was seen on the present rung.

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
    """Give the series that counts every request: of the errors if there is such a metric, else of the first."""
    metrics = sorted(evidence.metrics, key=lambda metric: metric.kind is not MetricKind.ERRORS)
    return next((metric.series[0] for metric in metrics if metric.series), None)


def count_rung(evidence: Evidence) -> RungCounts:
    """Count what was seen on the present rung."""
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


def silence(evidence: Evidence, seen: RungCounts, rules: Rules) -> str | None:
    """Give the sentence for a canary that is silent although its weight promised requests, or None."""
    if seen.silent < rules.silent_seconds or evidence.weight == 0:
        return None
    expected = _expected(evidence, seen)
    if expected is None or expected < rules.silent_requests:
        return None
    return phrases.silent(seen.stable_silent, expected, seen.silent)


def _expected(evidence: Evidence, seen: RungCounts) -> float | None:
    """Give the canary requests that stable's traffic in the silent time made likely; None without any ground."""
    likely = []
    if evidence.weight is not None:
        likely.append(seen.stable_silent * evidence.weight / max(1, 100 - evidence.weight))
    if seen.canary >= _KNOWN_SPLIT and seen.stable > seen.stable_silent:
        likely.append(seen.stable_silent * seen.canary / (seen.stable - seen.stable_silent))
    return min(likely, default=None)


def shortage(seen: RungCounts, detectable: float | None, rules: Rules, *, deadline_reached: bool) -> str | None:
    """Give the sentence for too little data, or None if it is enough for a pass.

    Before the deadline and within `patience_seconds`, `min_requests` are needed; later `patient_requests` will do if
    a canary that fails `patient_detectable` of its requests would have been caught.
    """
    patient = deadline_reached or seen.seconds >= rules.patience_seconds
    needed = rules.min_requests
    if patient and detectable is not None and detectable <= rules.patient_detectable:
        needed = min(rules.patient_requests, rules.min_requests)
    short = seen.canary < needed or seen.strata < rules.min_strata or seen.seconds < rules.min_seconds
    if not short:
        return None
    if seen.canary >= needed and seen.strata >= rules.min_strata:
        return phrases.too_early(seen.seconds, rules.min_seconds, deadline_reached=deadline_reached)
    return phrases.too_few(seen.canary, seen.strata, needed, rules.min_strata, deadline_reached=deadline_reached)


def progress(evidence: Evidence, rules: Rules) -> float:
    """Give the part (0-1) of the least that a pass of the present rung needs: requests, strata and time."""
    seen = count_rung(evidence)
    parts = [seen.canary / rules.min_requests, seen.strata / max(1, rules.min_strata)]
    parts += [seen.seconds / rules.min_seconds] if rules.min_seconds > 0 else []
    return min(1.0, *parts)


def strata_with_canary(strata: Sequence[Stratum]) -> int:
    """Count the strata with canary traffic."""
    return sum(1 for stratum in strata if stratum.canary.total)
