"""The e-process of one series: evidence that the canary is worse, valid at every moment one looks.

E is a bet against "the canary is at most `ratio` times as bad": its mean is at most 1 while that holds, at any
stopping time, so E >= 1/alpha happens with chance at most alpha (Ville). It mixes over how much worse (GAINS), over
when the fault began, and over faults that show in every stratum or in one of ten (judge design, 1a and 1d).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import Final

from steps.judge.rules import Rules
from steps.judge.statistics.bursts import BurstLimit
from steps.judge.statistics.likelihood_ratio import GAIN_WEIGHTS, LikelihoodRatio
from steps.judge.statistics.overdispersion import track_history
from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Counts, Stratum

START_NOW: Final = 0.8
"""Prior that the canary was bad from its first stratum on: most bad releases are."""

_START_SCALE: Final = 20.0
CONSTANT: Final = 0.75
"""Prior that a fault shows in every stratum; the rest is for one that shows in a tenth of them."""

_MOST: Final = (0.8, 0.5)
"""Share of a stratum's canary requests that counts as "most fail", without and with a history of stable: a batch of
bad requests may hit half of a stratum by chance, and only the past tells whether stable has such batches."""

_LONG_SECONDS: Final = 3.0
_PLENTY: Final = 6
"""A stratum may decide alone if it lasted so long and so many canary requests failed: a second's outage of one
connection pool is no release gone bad."""

_FEW: Final = 6
"""Bad requests of stable in three strata up to which they are background, not an outage counted at another moment."""

_BLIND: Final = 0.35
"""Cap, in units of ln(1/alpha), while stable's past is short and its pods are not told apart: nothing tells batches."""

_HISTORY: Final = 20
_RARE: Final = 0.1
_SELDOM: Final = 1.0 - _RARE
_CEILING: Final = 1e60


StageObserver = Callable[[list[float], list[float], list[float], list[float]], None]
"""Is given ln(factor) by gain: plain, divided by phi, cut at the cap, and limited as a burst."""


@dataclass(frozen=True, slots=True)
class EProcessPath:
    """The e-process over time: its value after each stratum with canary traffic, oldest first.

    Attributes:
        values: one per stratum with canary traffic; what lay before counts as history only.
        phi: overdispersion in force at the newest stratum.
        capped: strata whose evidence was cut.
        informative: strata that could say anything.
        exposed: index of the first stratum with canary traffic in the series.
        aligned: both arms were counted in the same scrape.
        pasts: stable's past before each of those strata.
    """

    values: tuple[float, ...]
    phi: float
    capped: int
    informative: int
    exposed: int
    aligned: bool
    pasts: tuple[StableHistory, ...]


@cache
def start_prior(index: int) -> float:
    """Give the prior of the fault beginning at informative stratum `index` (0 = the first); they sum to 1.

    Its tail falls like 1/k^2, so that a late fault after hundreds of scrapes is not buried.
    """
    if index == 0:
        return START_NOW
    return (1.0 - START_NOW) * (1.0 + _START_SCALE) / ((index + _START_SCALE) * (index + _START_SCALE + 1.0))


class _Mixture:
    """Running mixture over gain, start and constancy."""

    def __init__(self) -> None:
        self.informative = 0
        self.value = 1.0
        self._rest = 1.0
        self._constant = [0.0] * len(GAIN_WEIGHTS)
        self._rare = [0.0] * len(GAIN_WEIGHTS)

    def multiply(self, logs: list[float]) -> None:
        prior = start_prior(self.informative)
        self.informative += 1
        self._rest -= prior
        constant, rare = self._constant, self._rare
        constant_sum = rare_sum = 0.0
        for i, value in enumerate(logs):  # in place: this is the innermost loop of a judgement
            stake, factor = prior * GAIN_WEIGHTS[i], exp(value)
            constant[i] = one = (constant[i] + stake) * factor
            rare[i] = other = (rare[i] + stake) * (_SELDOM + _RARE * factor)
            constant_sum += one
            rare_sum += other
        self.value = max(0.0, self._rest) + CONSTANT * constant_sum + (1.0 - CONSTANT) * rare_sum
        if self.value > _CEILING:  # lowering an e-value keeps it valid, and floats end at 1e308
            self._constant = [min(value, _CEILING) for value in self._constant]
            self._rare = [min(value, _CEILING) for value in self._rare]


class EvidenceCap:
    """Limits what one stratum may add, in units of ln(1/alpha).

    Args:
        strata: the series; of the canary nothing but its first exposure is read.
        odds: see `Odds`.
        rules: see `Rules.cap` and the like.
        limit: ln(1/alpha).
        aligned: both arms were counted in the same scrape.
    """

    def __init__(
        self, strata: Sequence[Stratum], odds: LikelihoodRatio, rules: Rules, limit: float, *, aligned: bool
    ) -> None:
        self._strata, self._odds = strata, odds
        self.most = majority_share(strata)
        self.cap = rules.cap * limit
        self.least = min(self.cap, _BLIND * limit)
        self._blind = not any(stratum.stable_pods for stratum in strata)
        self._sound = max(self.cap, rules.cap_sound * limit)
        self._confirmed = max(self.cap, rules.cap_confirmed * limit)
        self._total = (rules.cap_aligned if aligned else rules.cap) * limit
        self._twice = min(self._total, limit)

    def cut(self, logs: list[float], stratum: Stratum, index: int, past: StableHistory) -> list[float]:
        """Cut at the cap, or at the higher one if stable's strata beside number `index` confirm the difference."""
        ceilings = self._ceilings(stratum, index, past)
        return [min(value, ceiling) for value, ceiling in zip(logs, ceilings, strict=True)]

    def _ceilings(self, stratum: Stratum, index: int, past: StableHistory) -> list[float]:
        count = len(GAIN_WEIGHTS)
        if self._total > self.cap and past.is_quiet and fails_most(stratum.canary, self.most):
            long = past.has_history and stratum.end - stratum.start >= _LONG_SECONDS and stratum.canary.bad >= _PLENTY
            return [self._total if long else self._twice] * count
        calm = past.is_quiet and past.has_history
        usual = self._sound if calm else self.least if self._blind and not past.has_history else self.cap
        if not (past.may_raise_cap or calm) or not 0 < index < len(self._strata) - 1:
            return [usual] * count
        near = [self._strata[i].stable for i in (index - 1, index, index + 1)]
        total, bad = min(counts.total for counts in near), sum(counts.bad for counts in near)
        if bad <= _FEW:  # no outage that was counted a stratum later, so all three are background
            total = sum(counts.total for counts in near)
        if not total:
            return [usual] * count
        robust = self._odds.logs_of(stratum.canary.total, stratum.canary.bad, total, min(bad, total))
        return [max(usual, min(value / past.phi, self._confirmed)) for value in robust]


def scale_by_phi(logs: list[float], stratum: Stratum, past: StableHistory, most: float) -> list[float]:
    """Divide by phi; while phi is not known, not where the canary fails most of its requests and stable is sound.

    Batches of stable's size seldom look like that, and a total failure must not wait for phi. Where such a stratum was
    possible (by its margins) but did not come, what speaks for the canary is not tempered either: so the mean of the
    factor stays at most 1.
    """
    phi, canary = past.phi, stratum.canary
    if phi <= 1.0:
        return logs
    if past.known or canary.bad + stratum.stable.bad < most * canary.total:
        return [value / phi for value in logs]
    return logs if past.is_quiet and fails_most(canary, most) else [min(value, value / phi) for value in logs]


def fails_most(canary: Counts, most: float) -> bool:
    """Whether at least the share `most` (0-1) of the canary's requests of a stratum are bad."""
    return canary.bad >= most * canary.total


def first_exposed(strata: Sequence[Stratum]) -> int:
    """Give the index of the first stratum with canary traffic, or their number if there is none."""
    return next((i for i, stratum in enumerate(strata) if stratum.canary.total), len(strata))


def majority_share(strata: Sequence[Stratum]) -> float:
    """Give the share that counts as most of a stratum's requests (see _MOST)."""
    return _MOST[first_exposed(strata) >= _HISTORY]


class EProcess:
    """The e-process while it runs: `step` takes in one stratum after the other, from the first exposure on.

    Attributes:
        value: the e-value so far.
        capped: strata whose evidence was cut.
    """

    def __init__(
        self, cap: EvidenceCap, odds: LikelihoodRatio, exposed: int, watch: StageObserver | None = None
    ) -> None:
        self.value, self.capped, self._watch = 1.0, 0, watch
        self._cap, self._odds, self._exposed = cap, odds, exposed
        self._mixture, self._burst = _Mixture(), BurstLimit(len(GAIN_WEIGHTS))

    @property
    def informative(self) -> int:
        """Strata that could say anything."""
        return self._mixture.informative

    def step(self, stratum: Stratum, index: int, past: StableHistory) -> float:
        """Take in stratum number `index` of the series, with stable's past before it; give the e-value after it."""
        plain = self._odds.logs(stratum)
        logs = tempered = scale_by_phi(plain, stratum, past, self._cap.most)
        if max(logs) > self._cap.least:
            self.capped += 1
            logs = self._cap.cut(logs, stratum, index, past)
        cut = logs
        if past.length:
            logs = self._burst.limit(logs, stratum, past, index - self._exposed + 1)
        if self._watch is not None:
            self._watch(plain, tempered, cut, logs)
        self._mixture.multiply(logs)
        self.value = self._mixture.value
        return self.value


def is_informative(stratum: Stratum) -> bool:
    """Tell whether the arms can be compared: both had requests and something was bad."""
    canary, stable = stratum.canary, stratum.stable
    return bool(canary.total and stable.total and (canary.bad or stable.bad))


def run_e_process(
    strata: Sequence[Stratum], rules: Rules, limit: float, *, aligned: bool, odds: LikelihoodRatio | None = None,
    watch: StageObserver | None = None,
) -> EProcessPath:  # fmt: skip
    """Run the e-process over a series.

    Args:
        strata: in order of time; those before the first with canary traffic are history for phi.
        rules: caps and ratio.
        limit: ln(1/alpha), the natural log of the alarm's line.
        aligned: both arms were counted in the same scrape.
        odds: to share one table among series.
        watch: is given each informative stratum's logs after every stage.
    """
    odds = odds or LikelihoodRatio(rules.ratio)
    exposed = first_exposed(strata)
    spread = track_history(strata[:exposed])
    process = EProcess(EvidenceCap(strata, odds, rules, limit, aligned=aligned), odds, exposed, watch)
    values, known = [], []
    for index in range(exposed, len(strata)):
        stratum, past = strata[index], spread.past
        if is_informative(stratum):
            process.step(stratum, index, past)
        values.append(process.value)
        known.append(past)
        spread.add(stratum)
    phi = known[-1].phi if known else spread.phi
    return EProcessPath(tuple(values), phi, process.capped, process.informative, exposed, aligned, tuple(known))


def stable_histories(strata: Sequence[Stratum]) -> list[StableHistory]:
    """Give stable's past before each stratum from the canary's first exposure on."""
    exposed = first_exposed(strata)
    spread, found = track_history(strata[:exposed]), []
    for stratum in strata[exposed:]:
        found.append(spread.past)
        spread.add(stratum)
    return found
