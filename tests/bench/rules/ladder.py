"""Our own judge over a whole rollout with default settings: from the first weight to promoted or rolled back.

What happens between the rungs is the product's own policy, `steps/judge/second_trial`; only the time that drains and
new pods take is drawn.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from steps import rollout
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.judge import judge
from steps.judge.second_trial import (
    Mode,
    TrialPolicy,
    after_alarm,
    condemnation,
    excess_of,
    first_weight,
    rungs_again,
    trial_rules,
)
from steps.model.evidence import Evidence
from steps.model.judgement import Judgement, Verdict
from steps.model.trials import Trial
from steps.wiring.judging import rules_of
from tests.bench.rules.canary_steps import ask_stable, until
from tests.bench.simulation.family import TICK_SECONDS, Family
from tests.bench.simulation.release import Release
from tests.bench.simulation.rollout import ARMS, Rollout
from tests.bench.simulation.scrapes import EPOCH

MODES: Final = {
    str(mode): rollout.Settings.model_validate({"app": "shop", "image": "shop:v2", "second_trial": str(mode)})
    for mode in (Mode.NEVER, Mode.AUTO)
}
"""The settings of a rollout that sets nothing but `second-trial`, by its value."""

DEFAULTS: Final = MODES[Mode.NEVER]

PROMOTED, ROLLED_BACK, INCONCLUSIVE = "promoted", "rolled back", "inconclusive"
_WATCHED_SECONDS: Final = 120
_REPLACED_SECONDS: Final = (15.0, 45.0)
"""How long fresh pods take: requests of the old ones end, and new ones become ready."""


@dataclass(frozen=True)
class Ended:
    """How a rollout ended.

    Attributes:
        how: PROMOTED, ROLLED_BACK or INCONCLUSIVE.
        seconds: since the canary's first exposure.
        failed: the canary's failed or nearly empty answers until then.
        weight: at which it ended, percent: that of the last alarm if there was one.
        why: the judge's code and metric.
        trials: that ended with an alarm and were not the last.
        safe_after: when an alarm first returned the users to stable, seconds; None: there was none.
    """

    how: str
    seconds: float
    failed: int
    weight: int
    why: str
    trials: int = 0
    safe_after: float | None = None


@dataclass(frozen=True)
class _Rung:
    """How one rung ended: the judgement, its evidence, the second it was known, and what was seen until then."""

    judgement: Judgement
    evidence: Evidence
    seconds: float
    seen: Rollout


class Climb:
    """One rollout of a family; equal seeds make equal rollouts."""

    def __init__(self, family: Family, seed: int, settings: rollout.Settings) -> None:
        self._settings, self._rules = settings, rules_of(settings)
        self._policy = TrialPolicy(Mode(settings.second_trial), settings.second_trial_failures)
        self._release, self._trials = Release(family, seed), list[Trial]()
        self._bounds: Bounds | None = None
        self._weight, self._began = 0, 0
        self._first_alarm: float | None = None

    def run(self) -> Ended:
        """Climb the ladder to its end."""
        last: _Rung | None = None
        for wanted in self._settings.ladder:
            last = self._reach(wanted)
            if last.judgement.verdict is not Verdict.PASS:
                break
        if last is None:
            raise ValueError("a ladder needs a weight")
        judgement = last.judgement
        why = f"{judgement.code}: {judgement.metric}" if judgement.metric else judgement.code
        how = {Verdict.PASS: PROMOTED, Verdict.FAIL: ROLLED_BACK}.get(judgement.verdict, INCONCLUSIVE)
        weight = self._weight or self._trials[-1].weight
        return Ended(
            how, last.seconds, last.seen.harmed(last.seconds), weight, why, len(self._trials), self._first_alarm
        )

    def _reach(self, wanted: int) -> _Rung:
        """Judge a rung, and after an alarm the rungs that fresh pods climb again until it."""
        while True:
            rung = self._climb_to(wanted)
            if rung.judgement.verdict is not Verdict.FAIL:
                return rung
            self._first_alarm = self._first_alarm or rung.seconds
            if after_alarm(rung.judgement, self._weight, self._policy, self._trials).condemned:
                return rung
            seconds, seen = self._try_again(rung)
            if condemnation(self._policy, self._trials) is not None:
                return replace(rung, seconds=seconds, seen=seen)

    def _climb_to(self, wanted: int) -> _Rung:
        """Climb the rungs that the present pods have not passed; return the first without a pass, or the last."""
        rungs = rungs_again(self._settings.ladder, self._trials, self._weight, wanted)
        for weight in rungs:
            if self._weight < weight < wanted and (rung := self._judge(weight)).judgement.verdict is not Verdict.PASS:
                return rung
        return self._judge(wanted)

    def _judge(self, weight: int) -> _Rung:
        """Set a weight and judge after every stratum until the verdict."""
        release, timeout = self._release, int(self._settings.timeout_seconds)
        began, self._weight = release.now, weight
        one = release.run(weight, timeout)
        self._bounds = self._bounds or EvidenceReader(one.prometheus(one.started), ARMS).choose_bounds()
        evidence = self._read(one, began, weight, began + timeout)
        rules = trial_rules(self._rules, self._policy, self._trials)
        strata = evidence.metrics[0].series[0].strata if evidence.metrics else ()
        for stratum in strata:
            if stratum.end > EPOCH + began:
                seen = until(evidence, stratum.end)
                found = judge(seen, None, rules, deadline_reached=False)
                if found.verdict is not Verdict.CONTINUE:
                    seconds = one.visible(stratum.end) - EPOCH
                    release.settle(_next_tick(seconds + 1.0))
                    return _Rung(found, seen, seconds, one)
        release.settle(began + timeout)
        found = judge(evidence, None, rules, deadline_reached=True)
        return _Rung(found, evidence, float(began + timeout), one)

    def _read(self, one: Rollout, rung_started: int, weight: int, now: int) -> Evidence:
        reader = EvidenceReader(one.prometheus(EPOCH + now), ARMS, bounds=self._bounds)
        seen = reader.read(EPOCH + self._began, EPOCH + now, rung_started=EPOCH + rung_started, weight=weight)
        return replace(seen, before_promotion=weight == self._settings.ladder[-1])

    def _try_again(self, rung: _Rung) -> tuple[float, Rollout]:
        """Return the users, look at stable's next scrapes, and replace the canary's pods if there is a second trial.

        Returns:
            When stable's scrapes had been seen, in the rollout's seconds, and what had happened until then.
        """
        release, judgement = self._release, rung.judgement
        back = release.now
        one = release.run(0, _WATCHED_SECONDS)
        shared, seen = ask_stable(self._read(one, back, 0, back + _WATCHED_SECONDS), judgement)
        at = one.visible(seen) - EPOCH
        self._trials.append(
            Trial(
                at=EPOCH + back, weight=self._weight, code=judgement.code, reason=judgement.reason,
                metric=judgement.metric or "", excess=excess_of(judgement), shared=shared,
                next_weight=0 if self._policy.mode is Mode.NEVER
                else first_weight(judgement, min(self._settings.ladder[0], self._weight)),
            )
        )  # fmt: skip
        release.settle(min(_next_tick(at), back + _WATCHED_SECONDS))
        if self._policy.mode is Mode.NEVER:
            self._weight, self._began = 0, release.now
            return at, one
        release.run(0, _next_tick(release.rng.uniform(*_REPLACED_SECONDS)))
        release.settle_all()
        release.replace_pods()
        self._weight, self._began = 0, release.now
        return at, one


def climb(family: Family, seed: int, settings: rollout.Settings = DEFAULTS) -> Ended:
    """Roll out one canary of a family; equal seeds make equal rollouts."""
    return Climb(family, seed, settings).run()


def _next_tick(seconds: float) -> int:
    return TICK_SECONDS * ceil(seconds / TICK_SECONDS)
