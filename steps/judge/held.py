"""Why evidence was held back: which of the judge's cautions took most of it away."""

from collections.abc import Sequence
from enum import StrEnum

from steps.judge.odds import GAIN_WEIGHTS, Odds
from steps.judge.process import run
from steps.judge.rules import Rules
from steps.model.evidence import Stratum


class Caution(StrEnum):
    """What makes evidence smaller than plain counts say."""

    NOISE = "overdispersion"
    BURSTS = "bursts"
    CAP = "cap"
    NOTHING = "nothing"


class _Stages:
    """Sums over the strata, by gain, of the evidence after each stage."""

    def __init__(self) -> None:
        self.plain, self.tempered, self.capped, self.limited = ([0.0] * len(GAIN_WEIGHTS) for _ in range(4))

    def add(self, *stages: Sequence[float]) -> None:
        """Add one stratum: plain, divided by phi, cut at the cap, limited as a burst."""
        for sums, logs in zip((self.plain, self.tempered, self.capped, self.limited), stages, strict=True):
            for gain, value in enumerate(logs):
                sums[gain] += value


def caution(strata: tuple[Stratum, ...], rules: Rules, limit: float, odds: Odds, *, aligned: bool) -> Caution:
    """Return the caution that took most of the evidence of a series, for the gain that explains its counts best.

    Args:
        strata: of the series, history included.
        rules: caps.
        limit: ln(1/alpha).
        odds: table of the null ratio.
        aligned: both arms are counted in the same scrape.
    """
    stages = _Stages()
    run(strata, rules, limit, aligned=aligned, odds=odds, watch=stages.add)
    best = max(range(len(GAIN_WEIGHTS)), key=lambda gain: stages.plain[gain])
    lost = {
        Caution.NOISE: stages.plain[best] - stages.tempered[best],
        Caution.CAP: stages.tempered[best] - stages.capped[best],
        Caution.BURSTS: stages.capped[best] - stages.limited[best],
    }
    most = max(lost, key=lambda one: lost[one])
    return most if lost[most] > 1.0 else Caution.NOTHING
