"""Whether stable breaks an objective, in plain numbers: the reason for a hotfix, or against one."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from steps.judge.checks.objective import Objective, objectives
from steps.judge.rules import Rules
from steps.judge.statistics.strata import arm_counts
from steps.judge.wording.phrases import percent, span
from steps.model.evidence import Arm, Counts, Evidence, MetricKind, Stratum

_RECENT_SECONDS: Final = 120.0
"""An outage that began a moment ago shows here; one that comes and goes shows in all the time that was read."""


class Standing(StrEnum):
    """What the numbers say of stable."""

    BROKEN = "broken"
    KEPT = "kept"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StableStanding:
    """What stable did in the last minutes.

    Attributes:
        standing: whether it breaks an objective.
        sentence: the numbers, or why there are none.
        bad_share: its largest share (0-1) of bad requests of late, by any objective.
    """

    standing: Standing
    sentence: str
    bad_share: float = 0.0


def stable_standing(evidence: Evidence, rules: Rules) -> StableStanding:
    """Return what stable's requests say, from evidence that was read before its canary got any.

    Failures before an upstream was chosen are stable's: nobody else has users then.
    """
    if evidence.problem is not None:
        return StableStanding(Standing.UNKNOWN, evidence.problem.sentence)
    found = [one for promise in objectives(evidence.metrics, rules) for one in _windows(promise, evidence.until)]
    seen = [one for one in found if one.counts.total]
    if not seen:
        return StableStanding(Standing.UNKNOWN, "stable had no request in the last minutes")
    broken = [one for one in seen if one.is_broken(rules)]
    share = max((one.share for one in seen if one.is_recent), default=0.0)
    shown = broken[:1] or _longest(seen)
    sentence = "; ".join(one.sentence for one in shown)
    if not broken and any(one.is_above for one in seen):
        return StableStanding(Standing.UNKNOWN, f"too few requests to say: {sentence}", share)
    return StableStanding(Standing.BROKEN if broken else Standing.KEPT, sentence, share)


@dataclass(frozen=True, slots=True)
class _Window:
    """Stable's counts of a time, and the objective that they are held against."""

    promise: Objective
    counts: Counts
    seconds: float
    is_recent: bool

    @property
    def share(self) -> float:
        """Bad share, 0-1."""
        return self.counts.bad / self.counts.total

    @property
    def sentence(self) -> str:
        """The numbers: "3/2000 = 0.15 % of stable's requests in the last 600 s failed (at most 1.0 % by …)"."""
        bad, total = self.counts.bad, self.counts.total
        allowed = f"at most {percent(self.promise.allowed)} by {self.promise.flag}"
        counted = f"{bad}/{total} = {percent(self.share)} of stable's requests in the last {span(self.seconds)}"
        return f"{counted} {self.promise.what} ({allowed})"

    @property
    def is_above(self) -> bool:
        """Whether more requests were bad than the objective allows."""
        return self.counts.bad > self.promise.allowed * self.counts.total

    def is_broken(self, rules: Rules) -> bool:
        """Return whether enough requests were bad to call the objective broken."""
        return self.is_above and self.counts.bad >= rules.guard_bad


def _windows(promise: Objective, until: float) -> list[_Window]:
    """Return stable's counts of late, then those of all the time that was read."""
    strata = promise.series.strata
    recent = [one for one in strata if one.end > until - _RECENT_SECONDS]
    counts_unattributed = promise.metric.kind is MetricKind.ERRORS
    return [
        _Window(promise, _stable(part, with_unattributed=counts_unattributed), until - part[0].start, is_recent)
        for part, is_recent in ((recent, True), (list(strata), False))
        if part
    ]


def _stable(strata: Sequence[Stratum], *, with_unattributed: bool) -> Counts:
    failed = sum(one.unattributed - one.nowhere for one in strata) if with_unattributed else 0
    counts = arm_counts(strata, Arm.STABLE)
    return Counts(counts.total + failed, counts.bad + failed)


def _longest(windows: Sequence[_Window]) -> list[_Window]:
    """Return the longer window of each objective, for a stable that keeps all of them."""
    return [one for one in windows if not one.is_recent]
