"""The e-process of one series: evidence that the canary is worse, valid no matter how often one looks.

E is a bet against "the canary is at most `ratio` times as bad as stable". While that holds, its mean is at most 1 at
any stopping time, so the chance that E ever reaches 1/alpha is at most alpha (Ville's inequality; Ramdas, Grünwald,
Vovk and Shafer 2023, "Game-theoretic statistics and safe anytime-valid inference"). E is a mixture over three unknowns:
how much worse the canary is (GAINS), when the fault began, and whether it shows in every stratum or in one of ten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.bursts import BurstLimit
from steps.judge.statistics.evidence_cap import EvidenceCap, scale_by_phi
from steps.judge.statistics.histories import track_history
from steps.judge.statistics.likelihood_ratio import GAIN_WEIGHTS, LikelihoodRatio
from steps.judge.statistics.shared_outages import OUTAGE_BAD
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.strata import first_exposed, is_informative
from steps.model.evidence import Stratum

BAD_FROM_START: Final = 0.8
"""Prior that the canary was bad from its first stratum on: most bad releases are."""

_START_SCALE: Final = 20.0
CONSTANT: Final = 0.75
"""Prior that a fault shows in every stratum; the rest is for one that shows in a tenth of them."""

_RARE: Final = 0.1
_NOT_RARE: Final = 1.0 - _RARE
_CEILING: Final = 1e60


StageObserver = Callable[[list[float], list[float], list[float], list[float]], None]
"""Receives ln(factor) by gain: plain, divided by phi, cut at the cap, and limited as a burst."""


@dataclass(frozen=True, slots=True)
class EProcessPath:
    """The e-process over time: its value after each stratum with canary traffic, oldest first.

    Attributes:
        values: one per stratum from the first exposure on; earlier strata count as history only.
        phi: overdispersion in force at the newest stratum.
        capped: number of strata whose evidence was cut.
        informative: number of strata that could say anything.
        exposed: index of the first stratum with canary traffic in the series.
        aligned: both arms were counted in the same scrape.
        histories: stable's history before each of those strata.
    """

    values: tuple[float, ...]
    phi: float
    capped: int
    informative: int
    exposed: int
    aligned: bool
    histories: tuple[StableHistory, ...]


@cache
def start_prior(index: int) -> float:
    """Return the prior of the fault beginning at informative stratum `index` (0 = the first); they sum to 1.

    Its tail falls like 1/k^2, so that a late fault after hundreds of scrapes still counts.
    """
    if index == 0:
        return BAD_FROM_START
    return (1.0 - BAD_FROM_START) * (1.0 + _START_SCALE) / ((index + _START_SCALE) * (index + _START_SCALE + 1.0))


class _Mixture:
    """Running mixture over gain, start and constancy."""

    def __init__(self) -> None:
        self.informative = 0
        self.value = 1.0
        self._unstarted = 1.0
        self._constant = [0.0] * len(GAIN_WEIGHTS)
        self._rare = [0.0] * len(GAIN_WEIGHTS)

    def multiply(self, logs: list[float]) -> None:
        prior = start_prior(self.informative)
        self.informative += 1
        self._unstarted -= prior
        constant, rare = self._constant, self._rare
        constant_sum = rare_sum = 0.0
        # Each gain has two accounts: one multiplied by the full factor, one that expects the fault in a tenth of the
        # strata. A fault may begin now, so both first receive this stratum's part of the prior. The lists are changed
        # in place: this is the innermost loop of a judgement.
        for i, value in enumerate(logs):
            stake, factor = prior * GAIN_WEIGHTS[i], exp(value)
            constant[i] = one = (constant[i] + stake) * factor
            rare[i] = other = (rare[i] + stake) * (_NOT_RARE + _RARE * factor)
            constant_sum += one
            rare_sum += other
        self.value = max(0.0, self._unstarted) + CONSTANT * constant_sum + (1.0 - CONSTANT) * rare_sum
        if self.value > _CEILING:  # lowering an e-value keeps it valid, and floats end at 1e308
            self._constant = [min(value, _CEILING) for value in self._constant]
            self._rare = [min(value, _CEILING) for value in self._rare]


class EProcess:
    """The e-process while it runs: `step` takes one stratum after the other, from the first exposure on.

    Attributes:
        value: the e-value so far.
        capped: number of strata whose evidence was cut.
    """

    def __init__(
        self, cap: EvidenceCap, ratios: LikelihoodRatio, exposed: int, observer: StageObserver | None = None
    ) -> None:
        self.value, self.capped, self._observer = 1.0, 0, observer
        self._cap, self._ratios, self._exposed = cap, ratios, exposed
        self._mixture, self._burst = _Mixture(), BurstLimit(len(GAIN_WEIGHTS))

    @property
    def informative(self) -> int:
        """Number of strata that could say anything."""
        return self._mixture.informative

    def step(self, stratum: Stratum, index: int, history: StableHistory) -> float:
        """Add stratum number `index` of the series, with stable's history before it; return the e-value after it."""
        plain = self._ratios.beyond(history.habit).logs(stratum)
        logs = scaled = scale_by_phi(plain, stratum, history, self._cap.majority)
        if max(logs) > self._cap.lowest:
            self.capped += 1
            logs = self._cap.cut(logs, stratum, index, history)
        if stratum.canary.bad >= OUTAGE_BAD and self._cap.is_shared(stratum, index, history):
            logs = [min(value, 0.0) for value in logs]
        cut = logs
        if history.burst_length:
            logs = self._burst.limit(logs, stratum, history, index - self._exposed + 1)
        if self._observer is not None:
            self._observer(plain, scaled, cut, logs)
        self._mixture.multiply(logs)
        self.value = self._mixture.value
        return self.value


def run_e_process(
    strata: Sequence[Stratum], rules: Rules, limit: float, *, aligned: bool, ratios: LikelihoodRatio | None = None,
    observer: StageObserver | None = None,
) -> EProcessPath:  # fmt: skip
    """Run the e-process over a series.

    Args:
        strata: in order of time; those before the first with canary traffic are history for phi.
        rules: caps and ratio.
        limit: ln(1/alpha), the natural log of the alarm line.
        aligned: both arms were counted in the same scrape.
        ratios: to share one table among series.
        observer: receives each informative stratum's logs after every stage.
    """
    ratios = ratios or LikelihoodRatio(rules.ratio)
    exposed = first_exposed(strata)
    tracker = track_history(strata, exposed)
    process = EProcess(EvidenceCap(strata, ratios, rules, limit, aligned=aligned), ratios, exposed, observer)
    values, histories = [], []
    for index in range(exposed, len(strata)):
        # The history is read before the stratum is added to it: a bet may only depend on the past.
        stratum, history = strata[index], tracker.history
        if is_informative(stratum):
            process.step(stratum, index, history)
        values.append(process.value)
        histories.append(history)
        tracker.add(stratum)
    phi = histories[-1].phi if histories else tracker.phi
    return EProcessPath(tuple(values), phi, process.capped, process.informative, exposed, aligned, tuple(histories))
