"""Weight 100: stable gets no requests, so there is nothing to compare with. Objectives judge, and a reference.

The reference is the canary on its earlier rungs. A ladder that begins at 100 has none, so stable's history replaces it.
The canary fails if it is now clearly worse than the reference: an any-time e-process of its own counts against twice
the reference's share, or that share plus the floor. Requests that still reach stable bypass the weighted routes; they
neither excuse nor block anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from steps.judge.checks.guard import GUARD_SCRAPES, is_beyond_chance, one_sample_cap
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import DOUBT, upper_tail
from steps.judge.statistics.incidents import without_incidents
from steps.judge.statistics.one_sample import OneSampleTest
from steps.judge.statistics.strata import arm_counts
from steps.judge.statistics.windows import windows
from steps.model.evidence import Arm, Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum

FULL_WEIGHT: Final = 100
"""The weight, in percent, at which stable gets no requests to compare with."""

OWN: Final = "on its earlier rungs"
STABLES: Final = "in stable's history"
BOTH: Final = "before, in both versions"

_TIMES: Final = 2.0
_TIMES_PROMOTED: Final = 3.0
_FLOOR_ERRORS: Final = 0.01
_FLOOR_OTHERS: Final = 0.05
_LUCK: Final = 3.0
"""Bad requests, times overdispersion, that the reference may have escaped by luck: without them a reference of few
requests would look better than the service is."""

_ENOUGH: Final = 500
"""Canary requests on earlier rungs that make a reference; to fewer, stable's of all the time before are added."""

_MAJORITY: Final = 0.5
_NO_REQUESTS: Final = Counts(0, 0)


class ReferenceState(StrEnum):
    """What the reference says of a series."""

    FINE = "fine"
    DOUBT = "doubt"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse than its reference a version may be.

    Attributes:
        times: so many times the reference's bad share.
        floor: or so much more than it (0-1), whichever is more.
    """

    times: float
    floor: float


def tolerance_of(kind: MetricKind, floor: float, *, promoted: bool) -> Tolerance:
    """Return the tolerance for a metric with this floor.

    A bake may last for hours, and the past is minutes: the hour of the day changes what users ask for and how slow the
    answers are, so more is tolerated after the promotion. A fault that is as small would have shown on the rungs.
    """
    if not promoted:
        return Tolerance(_TIMES, floor)
    return Tolerance(_TIMES_PROMOTED, max(floor, _FLOOR_ERRORS if kind is MetricKind.ERRORS else _FLOOR_OTHERS))


@dataclass(frozen=True, slots=True)
class Reference:
    """What a series looked like before the present rung.

    Attributes:
        counts: requests and bad ones.
        where: OWN, STABLES or BOTH, for sentences.
        phi: overdispersion, >= 1.
    """

    counts: Counts
    where: str
    phi: float

    @property
    def likely_share(self) -> float:
        """Largest bad share (0-1) that the reference makes likely."""
        return min(1.0, (self.counts.bad + _LUCK * self.phi) / self.counts.total)

    def allowed(self, tolerance: Tolerance) -> float:
        """Return the bad share (0-1) up to which the canary is not called worse than the reference."""
        return max(tolerance.times * self.likely_share, self.likely_share + tolerance.floor)


@dataclass(frozen=True, slots=True)
class ReferenceComparison:
    """A series at weight 100 against its reference."""

    state: ReferenceState
    now: Counts
    reference: Reference
    allowed: float
    e_value: float


def without_strays(evidence: Evidence) -> Evidence:
    """Return the evidence without stable's requests at weight 100; other evidence as it is."""
    if evidence.weight != FULL_WEIGHT:
        return evidence
    return replace(evidence, metrics=tuple(_stripped(metric, evidence.rung_started) for metric in evidence.metrics))


def strays(evidence: Evidence, strata: Sequence[Stratum]) -> Counts:
    """Return the requests that stable still got since the weight was set to 100."""
    return arm_counts([stratum for stratum in strata if stratum.start >= evidence.rung_started], Arm.STABLE)


def reference_of(strata: Sequence[Stratum], rung_started: float, phi: float) -> Reference | None:
    """Return the reference of a series, outside of stable's incidents; None if nothing was counted before the rung."""
    before = without_incidents([stratum for stratum in strata if stratum.end <= rung_started])
    own, others = arm_counts(before, Arm.CANARY), arm_counts(before, Arm.STABLE)
    if own.total >= _ENOUGH or (own.total and not others.total):
        return Reference(own, OWN, phi)
    joined = Counts(own.total + others.total, own.bad + others.bad)
    return Reference(joined, BOTH if own.total else STABLES, phi) if joined.total else None


def allowed_share(strata: Sequence[Stratum], allowed: float, rung_started: float, phi: float) -> float:
    """Return the bad share that the guard allows at weight 100: more than the objective if both arms were above it."""
    before = without_incidents([stratum for stratum in strata if stratum.end <= rung_started])
    pasts = [Reference(counts, OWN, phi) for arm in Arm if (counts := arm_counts(before, arm)).total]
    if not pasts or any(past.counts.bad <= allowed * past.counts.total for past in pasts):
        return allowed
    return max(allowed, min(past.likely_share for past in pasts))


def compare_with_reference(
    series: Series, tolerance: Tolerance, rung_started: float, phi: float, rules: Rules, *, aligned: bool, parts: int
) -> ReferenceComparison | None:
    """Compare a series at weight 100 with its reference; None if it has none.

    Args:
        series: strata of the whole run and of stable's history.
        tolerance: how much worse than its reference it may be.
        rung_started: when the weight was set, unix seconds.
        phi: overdispersion, >= 1.
        rules: budget of the alarm, `guard_alpha` for each metric.
        aligned: both arms are counted in the same scrape.
        parts: number of the metric's series, which share its budget.
    """
    reference = reference_of(series.strata, rung_started, phi)
    if reference is None:
        return None
    allowed, now = reference.allowed(tolerance), rung_only(series.strata, rung_started)
    counts = arm_counts(now, Arm.CANARY)
    if counts.bad < rules.min_bad or allowed >= 1.0:
        return ReferenceComparison(ReferenceState.FINE, counts, reference, allowed, 1.0)
    value = OneSampleTest(allowed, one_sample_cap(rules, aligned=aligned)).run(now)
    heard = [stratum.canary for stratum in now if stratum.canary.total]
    last = heard[-GUARD_SCRAPES:]
    # A failure needs the last scrapes above the line, and either evidence or scrapes in which most requests fail.
    is_above = len(last) == GUARD_SCRAPES and sum(c.bad for c in last) > allowed * sum(c.total for c in last)
    most_fail = is_above and all(c.bad >= max(_MAJORITY, allowed) * c.total for c in last)
    most_fail = most_fail and is_beyond_chance(last, allowed, len(heard), phi, rules.guard_alpha / parts)
    state = ReferenceState.FINE
    if is_above and (most_fail or value >= parts / rules.guard_alpha):
        state = ReferenceState.WORSE
    elif any(upper_tail(window.canary, allowed) < DOUBT for window in windows(now, rung_started)):
        state = ReferenceState.DOUBT
    return ReferenceComparison(state, counts, reference, allowed, value)


def detectable(main: MetricResult, limits: Sequence[tuple[float, float]], requests: int, rules: Rules) -> float | None:
    """Return the smallest share (0-1) of bad requests that would have been caught at weight 100; None = not even all.

    Args:
        main: the metric.
        limits: (allowed share, alarm line of the evidence) of each rule that holds at weight 100.
        requests: of the canary at this weight.
        rules: for the minimum of bad requests.
    """
    found = [
        OneSampleTest(allowed, 1.0).detectable(requests, main.phi, line) for allowed, line in limits if allowed < 1.0
    ]
    caught = [share for share in found if share is not None]
    return min(caught) if caught and requests >= rules.min_bad else None


def rung_only(strata: Sequence[Stratum], rung_started: float) -> tuple[Stratum, ...]:
    """Return the strata without the canary's requests before the rung; stable's part still shows the overdispersion."""
    return tuple(s if s.end > rung_started else replace(s, canary=_NO_REQUESTS) for s in strata)


def _stripped(metric: MetricEvidence, rung_started: float) -> MetricEvidence:
    def strip(series: Series) -> Series:
        return replace(series, strata=tuple(_without_stable(s) if s.end > rung_started else s for s in series.strata))

    objective = None if metric.objective is None else strip(metric.objective)
    return replace(metric, series=tuple(map(strip, metric.series)), objective=objective)


def _without_stable(stratum: Stratum) -> Stratum:
    return replace(stratum, stable=_NO_REQUESTS, stable_pods=())
