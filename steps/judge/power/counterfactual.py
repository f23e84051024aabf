"""What if the canary had failed these of its requests: the judge's own rules over the traffic that was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, log
from typing import Final

from steps.judge.checks.guard import judge_guard
from steps.judge.comparison.metric_result import is_harmful
from steps.judge.rules import Rules
from steps.judge.statistics.e_process import EProcess, EvidenceCap, first_exposed
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Counts, Stratum

MOST_ROWS: Final = 24
"""Longer runs are replayed in so many rows (a few more where the canary's part changed): neighbours are added up."""

_LONG_ROWS: Final = 16
"""The same for runs of more than twice as many strata: there a row is many requests anyway, and time counts."""

_SAME_PART: Final = 1.3
_GUARDED: Final = 3
_LOOKS: Final = 3
"""The guard is asked at so many of its last chances; a fault that is there from the start shows at the last ones."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """What counts as an alarm.

    Attributes:
        line: the e-value at which this metric alone raises it.
        floor: least difference of the bad shares (0-1) that counts as harm.
        allowed: bad share (0-1) above which the guard alarms; None without a guard.
        aligned: both arms were counted in the same scrape.
    """

    line: float
    floor: float
    allowed: float | None
    aligned: bool


class Counterfactual:
    """Replays a series with other bad requests of the canary.

    Args:
        strata: of the series, those before the first exposure included; the canary's bad requests are not read.
        known: stable's past before each stratum from the first exposure on.
        alarm: what counts as one.
        rules: thresholds.
        odds: see `Odds`.

    Attributes:
        totals: the canary's requests by row.
    """

    def __init__(
        self,
        strata: Sequence[Stratum],
        known: Sequence[StableHistory],
        alarm: AlarmRule,
        rules: Rules,
        odds: LikelihoodRatio,
    ) -> None:
        self._exposed = first_exposed(strata)
        count = len(strata) - self._exposed
        merged = ceil(count / (MOST_ROWS if count <= 2 * MOST_ROWS else _LONG_ROWS))
        self._rows, self._known = _rows(strata[self._exposed :], known, merged)
        self._alarm, self._rules, self._odds, self._merged = alarm, rules, odds, merged
        limit = log(1.0 / rules.alpha) * merged
        series = (*strata[: self._exposed], *self._rows)
        self._cap = EvidenceCap(series, odds, rules, limit, aligned=alarm.aligned)
        self.totals = [row.canary.total for row in self._rows]

    def alarms(self, bad: Sequence[int]) -> bool:
        """Tell whether the canary would have failed by now, with so many bad requests in each row."""
        process, seen = EProcess(self._cap, self._odds, self._exposed), list[Stratum]()
        for row, past, failed in zip(self._rows, self._known, bad, strict=True):
            stable, canary = row.stable, row.canary.total
            stratum = Stratum(row.start, row.end, stable, Counts(canary, failed), row.stable_pods)
            seen.append(stratum)
            if canary and stable.total and (failed or stable.bad):
                process.step(stratum, self._exposed + len(seen) - 1, past)
            if process.value >= self._alarm.line and is_harmful(tuple(seen), self._alarm.floor, self._rules):
                return True
        return self._guarded(seen)

    def _guarded(self, seen: Sequence[Stratum]) -> bool:
        allowed = self._alarm.allowed
        if allowed is None or self._merged > 1:
            return False
        exposed = [i for i, row in enumerate(seen) if row.canary.total]
        runs = list(accumulate((seen[i].canary.bad > allowed * seen[i].canary.total for i in exposed), _run, initial=0))
        looks = [i for i, run in zip(exposed, runs[1:], strict=True) if run >= _GUARDED]
        return any(self._guard_alarms(seen[: i + 1], allowed) for i in looks[-_LOOKS:])

    def _guard_alarms(self, seen: Sequence[Stratum], allowed: float) -> bool:
        aligned = self._alarm.aligned
        return judge_guard("", tuple(seen), allowed, self._rules, aligned=aligned, known=self._known).state == "alarm"


def _run(before: int, now: bool) -> int:  # noqa: FBT001 - called by accumulate
    return before + 1 if now else 0


def _rows(
    strata: Sequence[Stratum], known: Sequence[StableHistory], merged: int
) -> tuple[list[Stratum], list[StableHistory]]:
    """Add up neighbouring strata, `merged` at most, where the canary's part of the requests stayed the same."""
    if merged <= 1:
        return list(strata), list(known)
    rows: list[Stratum] = []
    pasts: list[StableHistory] = []
    group: list[Stratum] = []
    for stratum, past in zip(strata, known, strict=True):
        if group and (len(group) == merged or not _alike(group[0], stratum)):
            rows.append(_sum(group))
            group = []
        if not group:
            pasts.append(past._replace(length=past.length / merged, hazard=past.hazard * merged))
        group.append(stratum)
    return [*rows, _sum(group)], pasts


def _alike(one: Stratum, other: Stratum) -> bool:
    mine, theirs = one.canary.total * other.stable.total, other.canary.total * one.stable.total
    few = min(one.canary.total, other.canary.total) < 30  # noqa: PLR2004 - their part is chance
    return few or max(mine, theirs) <= _SAME_PART * min(mine, theirs)


def _sum(group: Sequence[Stratum]) -> Stratum:
    """Add up strata; of the pods only their number is of use, so the first stratum's stand for all."""
    stable = Counts(sum(s.stable.total for s in group), sum(s.stable.bad for s in group))
    canary = Counts(sum(s.canary.total for s in group), 0)
    return Stratum(group[0].start, group[-1].end, stable, canary, group[0].stable_pods)
