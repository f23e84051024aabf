"""Why evidence was held back: the caution without which there would have been an alarm."""

from collections.abc import Sequence
from enum import StrEnum
from math import log
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.e_process import CONSTANT, START_NOW, run_e_process
from steps.judge.statistics.likelihood_ratio import GAIN_WEIGHTS, LikelihoodRatio
from steps.model.evidence import Stratum


class LimitingFactor(StrEnum):
    """What makes evidence smaller than plain counts say."""

    NOISE = "overdispersion"
    BURSTS = "bursts"
    CAP = "cap"
    NOTHING = "nothing"


_ORDER: Final = (LimitingFactor.NOTHING, LimitingFactor.NOISE, LimitingFactor.CAP, LimitingFactor.BURSTS)
"""The stages of the evidence of a stratum: plain counts, divided by phi, cut at the cap, limited as a burst."""


class _Stages:
    """Evidence after each stage, by gain, since the moment from which it speaks most against the canary."""

    def __init__(self) -> None:
        self.sums = [[0.0] * len(GAIN_WEIGHTS) for _ in _ORDER]

    def add(self, *stages: Sequence[float]) -> None:
        """Add one stratum's logs after each stage."""
        self.sums = [
            [max(0.0, old) + value for old, value in zip(sums, logs, strict=True)]
            for sums, logs in zip(self.sums, stages, strict=True)
        ]


def limiting_factor(
    strata: tuple[Stratum, ...], rules: Rules, limit: float, odds: LikelihoodRatio, *, aligned: bool
) -> LimitingFactor:
    """Return the first caution after which the evidence of a series is too small for an alarm.

    Args:
        strata: of the series, history included.
        rules: caps.
        limit: ln(1/alpha).
        odds: table of the null ratio.
        aligned: both arms are counted in the same scrape.

    Returns:
        NOTHING where even the plain counts do not suffice, or where all of them do.
    """
    stages = _Stages()
    run_e_process(strata, rules, limit, aligned=aligned, odds=odds, watch=stages.add)
    line = limit - log(START_NOW * CONSTANT * max(GAIN_WEIGHTS))
    return next(
        (one for one, sums in zip(_ORDER, stages.sums, strict=True) if max(sums) < line), LimitingFactor.NOTHING
    )
