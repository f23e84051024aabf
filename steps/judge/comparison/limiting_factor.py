"""Which limit keeps evidence below the alarm line: the first of them without which there would have been an alarm."""

from collections.abc import Sequence
from enum import StrEnum
from math import log
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.e_process import BAD_FROM_START, CONSTANT, run_e_process
from steps.judge.statistics.likelihood_ratio import GAIN_WEIGHTS, LikelihoodRatio
from steps.model.evidence import Stratum


class LimitingFactor(StrEnum):
    """What makes evidence smaller than plain counts say."""

    PHI = "overdispersion"
    BURSTS = "bursts"
    CAP = "cap"
    COUNTS = "counts"


WORDS: Final = {
    LimitingFactor.PHI: "but stable's own failures are too bursty to be sure (overdispersion {phi})",
    LimitingFactor.BURSTS: "but pods of stable failed in bursts as well, and this has not outlasted theirs yet",
    LimitingFactor.CAP: "but no single scrape may decide, and more of them must agree",
    LimitingFactor.COUNTS: "but there are too few requests for an alarm",
}
"""Why the evidence of a large difference is small; formatted with phi."""


_ORDER: Final = (LimitingFactor.COUNTS, LimitingFactor.PHI, LimitingFactor.CAP, LimitingFactor.BURSTS)
"""The stages of a stratum's evidence: plain counts, divided by phi, cut at the cap, limited as a burst."""


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
    strata: tuple[Stratum, ...], rules: Rules, limit: float, ratios: LikelihoodRatio, *, aligned: bool
) -> LimitingFactor:
    """Return the first stage after which the evidence of a series is too small for an alarm.

    Args:
        strata: of the series, history included.
        rules: caps.
        limit: ln(1/alpha).
        ratios: table of the null ratio.
        aligned: both arms were counted in the same scrape.

    Returns:
        COUNTS if even the plain counts do not suffice, or if the evidence suffices after every stage.
    """
    stages = _Stages()
    run_e_process(strata, rules, limit, aligned=aligned, ratios=ratios, observer=stages.add)
    line = limit - log(BAD_FROM_START * CONSTANT * max(GAIN_WEIGHTS))
    limits = (one for one, sums in zip(_ORDER, stages.sums, strict=True) if max(sums) < line)
    return next(limits, LimitingFactor.COUNTS)
