"""Simulated rollouts as strata: good canaries and bad ones, seeded and small."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt

from steps.judge import Rules, judge
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Judgement, Verdict

PODS = 5


def poisson(rng: random.Random, mean: float) -> int:
    """Draw a Poisson number; a rounded normal above 60."""
    if mean <= 0:
        return 0
    if mean > 60:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def binomial(rng: random.Random, total: int, share: float) -> int:
    """Draw a binomial number: by skipping where bad requests are rare, else a rounded normal or one by one."""
    if share <= 0 or not total:
        return 0
    if share >= 1:
        return total
    mean = total * share
    if mean > 60 and total - mean > 60:
        return min(total, max(0, round(rng.gauss(mean, sqrt(mean * (1 - share))))))
    if share > 0.2:
        return sum(rng.random() < share for _ in range(total))
    count, position, scale = 0, 0, log(1 - share)
    while True:
        position += int(log(1.0 - rng.random()) / scale) + 1
        if position > total:
            return count
        count += 1


@dataclass(frozen=True)
class SimulatedRollout:
    """A rollout: requests per second of both arms together, the canary's share, and failure ratios over time.

    `shift`: stable is scraped so many strata after the canary (a shared outage reaches it later).
    `batch`: bad requests come in batches of this mean size, each from one pod.
    """

    rps: float
    canary: Callable[[int], float]
    stable: Callable[[int], float]
    part: Callable[[int], float] = lambda _: 0.1
    seconds: float = 15.0
    strata: int = 120
    aligned: bool = False
    shift: int = 0
    batch: float = 1.0
    history: int = 0

    def draw(self, seed: int) -> tuple[Stratum, ...]:
        """Draw all strata of one rollout; those of the history have no canary."""
        rng = random.Random(seed)
        return tuple(self._stratum(rng, k) for k in range(-self.history, self.strata))

    def _stratum(self, rng: random.Random, k: int) -> Stratum:
        part = self.part(k) if k >= 0 else 0.0
        requests = self.rps * self.seconds
        canary = self._arm(rng, poisson(rng, requests * part), self.canary(k))
        pods = tuple(
            self._arm(rng, poisson(rng, requests * (1 - part) / PODS), self.stable(k - self.shift)) for _ in range(PODS)
        )
        stable = Counts(sum(p.total for p in pods), sum(p.bad for p in pods))
        end = (k + 1) * self.seconds
        return Stratum(end - self.seconds, end, stable, canary, () if self.aligned else pods)

    def _arm(self, rng: random.Random, total: int, share: float) -> Counts:
        if self.batch <= 1:
            return Counts(total, binomial(rng, total, share))
        batches = poisson(rng, total * share / self.batch)
        bad = sum(1 + int(log(1.0 - rng.random()) / log(1 - 1 / self.batch)) for _ in range(batches))
        return Counts(total, min(total, bad))


def evidence_of(strata: tuple[Stratum, ...], *, aligned: bool, alone: bool = False) -> Evidence:
    """Wrap strata of one metric as evidence; unless `alone` a silent second metric takes 40 % of the budget."""
    metrics = [MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),), weight=0.6)]
    if not alone:
        empty = tuple(Stratum(s.start, s.end, Counts(0, 0), Counts(0, 0)) for s in strata)
        metrics.append(MetricEvidence("other", MetricKind.CUSTOM, (Series(empty),), weight=0.4))
    until = strata[-1].end if strata else 0.0
    interval = strata[0].end - strata[0].start if strata else 15.0
    return Evidence(tuple(metrics), 0.0, 0.0, until, interval, aligned=aligned)


def first_failure(world: SimulatedRollout, seed: int, rules: Rules, every: int = 1) -> tuple[int | None, Judgement]:
    """Judge after every `every` strata until it fails; return the number of strata seen, or None."""
    strata = world.draw(seed)
    judgement = judge(evidence_of(strata, aligned=world.aligned), None, rules, deadline_reached=True)
    for seen in range(world.history + 1, len(strata) + 1, every):
        judgement = judge(evidence_of(strata[:seen], aligned=world.aligned), None, rules, deadline_reached=False)
        if judgement.verdict is Verdict.FAIL:
            return seen - world.history, judgement
    return None, judgement
