"""Whether stable shares the cause of an alarm (pure).

Its next scrapes say so, while all users are on it. The newest one before the alarm may already show that they will.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from steps.judge.statistics.exact_tests import DOUBT, upper_tail
from steps.model.evidence import Counts, Evidence, Stratum
from steps.model.judgement import Judgement, ReasonCode

SCRAPES_OF_STABLE: Final = 2
"""Scrapes of stable after an alarm that tell whether its cause was shared."""

ALARM_SCRAPES: Final = 3
"""Scrapes that an alarm is about, at most."""

_SHARED_PART: Final = 0.5
"""Stable shares the cause if it fails at minimum this part of what the canary failed."""

_BEGINNING: Final = 0.1
"""Stable begins to fail if it fails at minimum this part of what the canary failed: an outage that lasts for a tenth of
a scrape may fill the next one."""

_MIN_BAD: Final = 3


def stable_begins_to_fail(judgement: Judgement) -> bool:
    """Return whether stable fails far more than before in the newest scrape of an alarm: the next ones have to tell.

    Args:
        judgement: the verdict is `fail`.
    """
    rows = judgement.table
    if judgement.code != ReasonCode.WORSE or len(rows) <= 1:
        return False
    stable = [Counts(row.stable_total, row.stable_bad) for row in rows]
    canary = [Counts(row.canary_total, row.canary_bad) for row in rows]
    usual, alarmed = _sum(stable[:-ALARM_SCRAPES] or stable[:1]), _sum(canary[-ALARM_SCRAPES:])
    if not usual.total or not alarmed.total:
        return False
    is_far = upper_tail(stable[-1], usual.bad / usual.total) < DOUBT
    return is_far and _is_as_bad(stable[-1], _BEGINNING * alarmed.bad / alarmed.total)


def is_shared(evidence: Evidence, metric: str | None, judged_until: float) -> bool | None:
    """Return whether stable's scrapes right after an alarm show that its cause was shared; None: not enough scrapes.

    That is: stable fails at minimum half of what the canary failed, and more than its own past explains.

    Args:
        evidence: of the trial, read after the users went back.
        metric: that the alarm is about; None for pods and probes, whose cause is never shared.
        judged_until: end of the last scrape interval that was judged, unix seconds.
    """
    found = next((one for one in evidence.metrics if one.name == metric), None)
    if found is None or not found.series:
        return False if metric is None else None
    seen = [_after_alarm(series.strata, judged_until) for series in found.series]
    if any(len(one.stable) < SCRAPES_OF_STABLE for one in seen):
        return None
    # Latency has several bounds: a few slow requests of stable must not answer for a canary that is slow as a whole.
    concerned = [one for one in seen if one.is_concerned]
    return bool(concerned) and all(one.is_shared for one in concerned)


@dataclass(frozen=True, slots=True)
class _Series:
    """One series around an alarm: the canary's counts that it is about, stable's usual share, stable's next scrapes."""

    canary: Counts
    usual: float
    stable: Sequence[Counts]

    @property
    def is_concerned(self) -> bool:
        """Whether stable's usual share does not explain the canary's counts."""
        return self.canary.bad >= _MIN_BAD and upper_tail(self.canary, self.usual) < DOUBT

    @property
    def is_shared(self) -> bool:
        """Whether stable got at least half as bad as the canary was, and worse than usual."""
        minimum = _SHARED_PART * self.canary.bad / self.canary.total
        return any(_is_as_bad(one, minimum) and upper_tail(one, self.usual) < DOUBT for one in self.stable)


def _after_alarm(strata: Sequence[Stratum], judged_until: float) -> _Series:
    # The moment was rounded, and a read that began anew may cut its intervals elsewhere.
    half = (strata[-1].end - strata[-1].start) / 2 if strata else 0.0
    after = [one.stable for one in strata if one.end > judged_until + half and one.stable.total][:SCRAPES_OF_STABLE]
    before = [one for one in strata if one.end <= judged_until + half]
    alarmed = [one.canary for one in before if one.canary.total][-ALARM_SCRAPES:]
    # An outage may have reached stable before the alarm, so the last scrapes do not count for its usual rate.
    usual = _sum([one.stable for one in before[:-ALARM_SCRAPES]])
    return _Series(_sum(alarmed), usual.bad / usual.total if usual.total else 0.0, after)


def _is_as_bad(stable: Counts, minimum: float) -> bool:
    return stable.bad >= _MIN_BAD and stable.bad >= minimum * stable.total


def _sum(counts: Sequence[Counts]) -> Counts:
    return Counts(sum(one.total for one in counts), sum(one.bad for one in counts))
