"""Whether stable shares the cause of an alarm: its next scrapes say so, while all users are on it (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from steps.judge.statistics.exact_tests import DOUBT, upper_tail
from steps.model.evidence import Counts, Evidence, Stratum

SCRAPES_OF_STABLE: Final = 2
"""Scrapes of stable after an alarm that tell whether its cause was shared."""

ALARM_SCRAPES: Final = 3
"""Scrapes that an alarm is about, at most."""

_SHARED_PART: Final = 0.5
"""Stable shares the cause if it fails at minimum this part of what the canary failed."""

_MIN_BAD: Final = 3


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
