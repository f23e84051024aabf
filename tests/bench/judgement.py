"""What one judgement costs: 12 metrics with 240 strata each, the most a rollout may have."""

import random
import statistics
import time

from steps.judge.rules import Rules
from steps.judge.verdict import judge
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum

METRICS, STRATA, PODS = 12, 240, 4


def evidence(seed: int) -> Evidence:
    """Make even traffic: 100 requests a second, a tenth for the canary, half a percent bad in both arms."""
    chance = random.Random(seed)
    metrics = tuple(
        MetricEvidence(f"metric-{number}", MetricKind.CUSTOM, (Series(_strata(chance)),)) for number in range(METRICS)
    )
    return Evidence(metrics, 0.0, 0.0, STRATA * 15.0, 15.0, aligned=False)


def _strata(chance: random.Random) -> tuple[Stratum, ...]:
    return tuple(_stratum(number, chance) for number in range(STRATA))


def _stratum(number: int, chance: random.Random) -> Stratum:
    pods = tuple(_counts(338, chance) for _ in range(PODS))
    stable = Counts(sum(pod.total for pod in pods), sum(pod.bad for pod in pods))
    return Stratum(number * 15.0, number * 15.0 + 15.0, stable, _counts(150, chance), pods)


def _counts(total: int, chance: random.Random) -> Counts:
    return Counts(total, sum(chance.random() < 0.005 for _ in range(total)))


def measure(repeats: int) -> float:
    """Return the median CPU time of one judgement, milliseconds."""
    cases = [evidence(seed) for seed in range(repeats)]
    spent = []
    for case in cases:
        began = time.process_time()
        judge(case, None, Rules(), deadline_reached=False)
        spent.append(1000 * (time.process_time() - began))
    return statistics.median(spent)
