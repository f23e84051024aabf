"""What if the canary had failed these of its requests? Runs the judge's own rules over the traffic that was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, log
from typing import Final

from steps.judge.checks.guard import judge_guard
from steps.judge.comparison.harm import Harm
from steps.judge.rules import Rules
from steps.judge.statistics.e_process import EProcess
from steps.judge.statistics.evidence_cap import EvidenceCap
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.strata import first_exposed
from steps.model.evidence import Counts, Stratum

MOST_ROWS: Final = 24
"""Longer runs are repeated in so many rows (a few more where the canary's part changed): neighbours are added up."""

_LONG_ROWS: Final = 16
"""The same for runs of more than twice as many strata: their rows have many requests anyway, and it has to be fast."""

_SAME_PART: Final = 1.3
_GUARD_RUN: Final = 3
_LOOKS: Final = 3
"""The guard is asked at the last of its opportunities only: a fault that is there from the start shows at them."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """What counts as an alarm.

    Attributes:
        line: the e-value at which this metric alone raises it.
        floor: smallest difference of the bad shares (0-1) that counts as harm.
        allowed: bad share (0-1) above which the guard alarms; None without a guard.
        aligned: both arms were counted in the same scrape.
    """

    line: float
    floor: float
    allowed: float | None
    aligned: bool


class Counterfactual:
    """Repeats a series with other bad requests of the canary.

    Args:
        strata: of the series, those before the first exposure included; the canary's bad requests are not read.
        histories: stable's history before each stratum from the first exposure on.
        alarm: what counts as one.
        rules: thresholds.
        ratios: see `LikelihoodRatio`.

    Attributes:
        totals: the canary's requests by row.
    """

    def __init__(
        self,
        strata: Sequence[Stratum],
        histories: Sequence[StableHistory],
        alarm: AlarmRule,
        rules: Rules,
        ratios: LikelihoodRatio,
    ) -> None:
        self._exposed = first_exposed(strata)
        count = len(strata) - self._exposed
        merged = ceil(count / (MOST_ROWS if count <= 2 * MOST_ROWS else _LONG_ROWS))
        self._rows, self._histories = _rows(strata[self._exposed :], histories, merged)
        self._alarm, self._rules, self._ratios, self._merged = alarm, rules, ratios, merged
        limit = log(1.0 / rules.alpha) * merged
        series = (*strata[: self._exposed], *self._rows)
        self._cap = EvidenceCap(series, ratios, rules, limit, aligned=alarm.aligned)
        self.totals = [row.canary.total for row in self._rows]

    def alarms(self, bad: Sequence[int]) -> bool:
        """Return whether the canary would have failed by now, with so many bad requests in each row."""
        process, seen = EProcess(self._cap, self._ratios, self._exposed), list[Stratum]()
        for row, history, failed in zip(self._rows, self._histories, bad, strict=True):
            stable, canary = row.stable, row.canary.total
            stratum = Stratum(row.start, row.end, stable, Counts(canary, failed), row.stable_pods)
            seen.append(stratum)
            if canary and stable.total and (failed or stable.bad):
                process.step(stratum, self._exposed + len(seen) - 1, history)
            if process.value >= self._alarm.line and Harm(seen, self._alarm.floor, self._rules).is_harmful():
                return True
        return self._guarded(seen)

    def _guarded(self, seen: Sequence[Stratum]) -> bool:
        allowed = self._alarm.allowed
        if allowed is None or self._merged > 1:
            return False
        exposed = [i for i, row in enumerate(seen) if row.canary.total]
        runs = list(accumulate((seen[i].canary.bad > allowed * seen[i].canary.total for i in exposed), _run, initial=0))
        looks = [i for i, run in zip(exposed, runs[1:], strict=True) if run >= _GUARD_RUN]
        return any(self._guard_alarms(seen[: i + 1], allowed) for i in looks[-_LOOKS:])

    def _guard_alarms(self, seen: Sequence[Stratum], allowed: float) -> bool:
        aligned = self._alarm.aligned
        found = judge_guard("", tuple(seen), allowed, self._rules, aligned=aligned, histories=self._histories)
        return found.state == "alarm"


def _run(before: int, now: bool) -> int:  # noqa: FBT001 - called by accumulate
    return before + 1 if now else 0


def _rows(
    strata: Sequence[Stratum], histories: Sequence[StableHistory], merged: int
) -> tuple[list[Stratum], list[StableHistory]]:
    """Add up neighbouring strata, `merged` at most, where the canary's part of the requests stayed the same."""
    if merged <= 1:
        return list(strata), list(histories)
    rows: list[Stratum] = []
    row_histories: list[StableHistory] = []
    group: list[Stratum] = []
    for stratum, history in zip(strata, histories, strict=True):
        if group and (len(group) == merged or not _alike(group[0], stratum)):
            rows.append(_sum(group))
            group = []
        if not group:
            length, hazard = history.burst_length / merged, history.burst_hazard * merged
            row_histories.append(history._replace(burst_length=length, burst_hazard=hazard))
        group.append(stratum)
    return [*rows, _sum(group)], row_histories


def _alike(one: Stratum, other: Stratum) -> bool:
    mine, theirs = one.canary.total * other.stable.total, other.canary.total * one.stable.total
    few = min(one.canary.total, other.canary.total) < 30  # noqa: PLR2004 - their part is chance
    return few or max(mine, theirs) <= _SAME_PART * min(mine, theirs)


def _sum(group: Sequence[Stratum]) -> Stratum:
    """Add up strata; only the number of pods is used, so the first stratum's pods stand for all."""
    stable = Counts(sum(s.stable.total for s in group), sum(s.stable.bad for s in group))
    canary = Counts(sum(s.canary.total for s in group), 0)
    return Stratum(group[0].start, group[-1].end, stable, canary, group[0].stable_pods)
