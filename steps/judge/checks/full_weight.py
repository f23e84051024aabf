"""Weight 100: stable gets no requests, so nothing is compared. Absolute rules judge, and the past.

The past is the canary's own earlier rungs. A ladder that begins at 100 has none, so stable's past stands in for them.
The canary fails if it is now clearly worse than in the past: an any-time e-process of its own counts against twice the
past share, or the past share and what counts as harm. The requests that still reach stable come past the weighted
routes; they neither excuse nor block anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from steps.judge.checks.guard import GUARD_SCRAPES, one_sample_cap
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import DOUBT, upper_tail
from steps.judge.statistics.incidents import without_incidents
from steps.judge.statistics.one_sample import OneSampleTest
from steps.judge.statistics.windows import arm_counts, windows
from steps.model.evidence import Arm, Counts, Evidence, MetricEvidence, Series, Stratum

FULL_WEIGHT: Final = 100
"""The weight, in percent, at which stable gets no requests to compare with."""

OWN: Final = "on its earlier rungs"
OTHERS: Final = "in stable's past"
BOTH: Final = "before, in both versions"

_TIMES: Final = 2.0
_MORE: Final = 3.0
"""Bad requests, times overdispersion, that the past may have been spared by luck: without them a past of few requests
would look better than the service is."""

_ENOUGH: Final = 500
"""Canary requests on earlier rungs that make a past; fewer are joined by stable's of all the time before."""

_MOST: Final = 0.5
_NOTHING: Final = Counts(0, 0)


class ReferenceState(StrEnum):
    """What the past says of a series."""

    FINE = "fine"
    DOUBT = "doubt"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a series looked like before the present rung.

    Attributes:
        counts: requests and bad ones.
        where: OWN, OTHERS or BOTH, for sentences.
        phi: overdispersion, >= 1.
    """

    counts: Counts
    where: str
    phi: float

    @property
    def most(self) -> float:
        """Largest share (0-1) that the past makes likely."""
        return min(1.0, (self.counts.bad + _MORE * self.phi) / self.counts.total)

    def allowed(self, floor: float) -> float:
        """Return the share (0-1) up to which the canary is not called worse than its past."""
        return max(_TIMES * self.most, self.most + floor)


@dataclass(frozen=True, slots=True)
class ReferenceComparison:
    """A series at weight 100 against its past."""

    state: ReferenceState
    now: Counts
    past: Reference
    allowed: float
    e_value: float


def without_strays(evidence: Evidence) -> Evidence:
    """Return the evidence without stable's requests at weight 100; other evidence as it is."""
    if evidence.weight != FULL_WEIGHT:
        return evidence
    return replace(evidence, metrics=tuple(_stripped(metric, evidence.rung_started) for metric in evidence.metrics))


def strays(evidence: Evidence, strata: Sequence[Stratum]) -> Counts:
    """Return what stable still got since the weight was set to 100."""
    return arm_counts([stratum for stratum in strata if stratum.start >= evidence.rung_started], Arm.STABLE)


def reference_of(strata: Sequence[Stratum], rung_started: float, phi: float) -> Reference | None:
    """Return the past of a series, outside of stable's incidents; None where nothing was counted before the rung."""
    before = without_incidents([stratum for stratum in strata if stratum.end <= rung_started])
    own, others = arm_counts(before, Arm.CANARY), arm_counts(before, Arm.STABLE)
    if own.total >= _ENOUGH or (own.total and not others.total):
        return Reference(own, OWN, phi)
    joined = Counts(own.total + others.total, own.bad + others.bad)
    return Reference(joined, BOTH if own.total else OTHERS, phi) if joined.total else None


def allowed_share(strata: Sequence[Stratum], allowed: float, rung_started: float, phi: float) -> float:
    """Return the share that the guard allows at weight 100: more than the objective where both arms lived above it."""
    before = without_incidents([stratum for stratum in strata if stratum.end <= rung_started])
    pasts = [Reference(counts, OWN, phi) for arm in Arm if (counts := arm_counts(before, arm)).total]
    if not pasts or any(past.counts.bad <= allowed * past.counts.total for past in pasts):
        return allowed
    return max(allowed, min(past.most for past in pasts))


def compare_with_reference(
    series: Series, floor: float, rung_started: float, phi: float, rules: Rules, *, aligned: bool, parts: int
) -> ReferenceComparison | None:
    """Compare a series at weight 100 with its past; None where it has none.

    Args:
        series: strata of the whole run and of stable's history.
        floor: smallest difference of the bad shares (0-1) that counts as harm.
        rung_started: when the weight was set, unix seconds.
        phi: overdispersion, >= 1.
        rules: budget of the alarm, `guard_alpha` for each metric.
        aligned: both arms are counted in the same scrape.
        parts: series of the metric, which share its budget.
    """
    past = reference_of(series.strata, rung_started, phi)
    if past is None:
        return None
    allowed, now = past.allowed(floor), rung_only(series.strata, rung_started)
    counts = arm_counts(now, Arm.CANARY)
    if counts.bad < rules.min_bad or allowed >= 1.0:
        return ReferenceComparison(ReferenceState.FINE, counts, past, allowed, 1.0)
    value = OneSampleTest(allowed, one_sample_cap(rules, aligned=aligned)).run(now)
    last = [stratum.canary for stratum in now if stratum.canary.total][-GUARD_SCRAPES:]
    still = len(last) == GUARD_SCRAPES and sum(c.bad for c in last) > allowed * sum(c.total for c in last)
    plain = still and all(c.bad >= max(_MOST, allowed) * c.total for c in last)
    state = ReferenceState.FINE
    if still and (plain or value >= parts / rules.guard_alpha):
        state = ReferenceState.WORSE
    elif any(upper_tail(window.canary, allowed) < DOUBT for window in windows(now, rung_started)):
        state = ReferenceState.DOUBT
    return ReferenceComparison(state, counts, past, allowed, value)


def detectable(main: MetricResult, limits: Sequence[tuple[float, float]], requests: int, rules: Rules) -> float | None:
    """Return the smallest share (0-1) of bad requests that would have been caught at weight 100, None = not even all.

    Args:
        main: the metric.
        limits: (allowed share, line of the evidence), each of a rule that holds at weight 100.
        requests: of the canary at this weight.
        rules: for the least number of bad requests.
    """
    found = [
        OneSampleTest(allowed, 1.0).detectable(requests, main.phi, line) for allowed, line in limits if allowed < 1.0
    ]
    able = [share for share in found if share is not None]
    return min(able) if able and requests >= rules.min_bad else None


def rung_only(strata: Sequence[Stratum], rung_started: float) -> tuple[Stratum, ...]:
    """Return the strata without the canary's requests before the rung; stable's part still tells the overdispersion."""
    return tuple(s if s.end > rung_started else replace(s, canary=_NOTHING) for s in strata)


def _stripped(metric: MetricEvidence, rung_started: float) -> MetricEvidence:
    def strip(series: Series) -> Series:
        return replace(series, strata=tuple(_silent(s) if s.end > rung_started else s for s in series.strata))

    objective = None if metric.objective is None else strip(metric.objective)
    return replace(metric, series=tuple(map(strip, metric.series)), objective=objective)


def _silent(stratum: Stratum) -> Stratum:
    return replace(stratum, stable=_NOTHING, stable_pods=())
