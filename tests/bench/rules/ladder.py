"""Our own judge over a whole rollout with default settings: from the first weight to promoted or rolled back.

The traffic follows the weights: a rung's traffic is drawn when it begins, and discarded from where it ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

import numpy as np

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.judgement import Judgement, Verdict
from tests.bench.rules.canary_steps import until
from tests.bench.simulation.family import HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, Family, flat
from tests.bench.simulation.rollout import ARMS, Rollout, observed
from tests.bench.simulation.scrapes import EPOCH
from tests.bench.simulation.traffic import draw

WEIGHTS: Final = (5, 25, 50)
RUNG_SECONDS: Final = 600
RULES: Final = Rules(min_seconds=30.0)
"""As `prepare` and `analyze` behave without any setting."""

PROMOTED, ROLLED_BACK, INCONCLUSIVE = "promoted", "rolled back", "inconclusive"
_ALL: Final = (HISTORY_SECONDS + RUN_SECONDS) // TICK_SECONDS


@dataclass(frozen=True)
class Ended:
    """How a rollout ended.

    Attributes:
        how: PROMOTED, ROLLED_BACK or INCONCLUSIVE.
        seconds: since the canary's first exposure.
        failed: the canary's failed requests until then.
        weight: the weight in force, percent.
        why: the judge's code and metric.
    """

    how: str
    seconds: float
    failed: int
    weight: int
    why: str


def climb(family: Family, seed: int, weights: Sequence[int] = WEIGHTS, rules: Rules = RULES) -> Ended:
    """Roll out one canary of a family; equal seeds make equal rollouts."""
    rng = np.random.default_rng([seed, *family.name.encode()])
    pods = draw(family, rng, _ticks(-HISTORY_SECONDS, 0))
    began, bounds, ended = 0, None, None
    for weight in weights:
        part = replace(family, part=flat(weight / 100.0))
        coming = draw(part, rng, _ticks(began, began + RUNG_SECONDS))
        whole = [pod.then(later) for pod, later in zip(pods, coming, strict=True)]
        one = observed(family, seed, [pod.until(_ALL) for pod in whole], np.random.default_rng([seed, 1]))
        bounds = bounds or _bounds(one)
        judgement, seconds = _rung(one, bounds, began, weight, rules)
        why = f"{judgement.code}: {judgement.metric}" if judgement.metric else judgement.code
        ended = Ended(_how(judgement), seconds, one.harmed(seconds), weight, why)
        if judgement.verdict is not Verdict.PASS:
            return ended
        began = TICK_SECONDS * ceil((seconds + 1.0) / TICK_SECONDS)
        pods = [pod.until((HISTORY_SECONDS + began) // TICK_SECONDS) for pod in whole]
    if ended is None:
        raise ValueError("a ladder needs a weight")
    return ended


def _how(judgement: Judgement) -> str:
    return {Verdict.PASS: PROMOTED, Verdict.FAIL: ROLLED_BACK}.get(judgement.verdict, INCONCLUSIVE)


def _bounds(one: Rollout) -> Bounds:
    return EvidenceReader(one.prometheus(one.started), ARMS).choose_bounds()


def _rung(one: Rollout, bounds: Bounds, began: int, weight: int, rules: Rules) -> tuple[Judgement, float]:
    """Judge a rung after every stratum; return the judgement and its time, in seconds since the first exposure."""
    last = EPOCH + began + RUNG_SECONDS
    reader = EvidenceReader(one.prometheus(last), ARMS, bounds=bounds)
    evidence = reader.read(one.started, last, rung_started=EPOCH + began, weight=weight)
    strata = evidence.metrics[0].series[0].strata if evidence.metrics else ()
    for stratum in strata:
        if stratum.end > EPOCH + began:
            found = judge(until(evidence, stratum.end), None, rules, deadline_reached=False)
            if found.verdict is not Verdict.CONTINUE:
                return found, one.visible(stratum.end) - one.started
    return judge(evidence, None, rules, deadline_reached=True), float(began + RUNG_SECONDS)


def _ticks(start: int, end: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.arange(start, end, TICK_SECONDS, dtype=np.float64)
