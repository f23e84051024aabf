"""Run rules over simulated rollouts in a few processes, and count what they did."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import median
from typing import Final

from tests.bench.in_time import in_time
from tests.bench.rules import argo_rollouts
from tests.bench.rules.canary_steps import canary_steps, proven
from tests.bench.rules.flagger import flagger
from tests.bench.rules.kayenta_rule import kayenta
from tests.bench.rules.mixture_sprt import mixture_sprt
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.family import Family
from tests.bench.simulation.field import FIELD
from tests.bench.simulation.rollout import Rollout, rollout

RULES: Final[Mapping[str, Callable[[Rollout], Outcome]]] = {
    "canary-steps": canary_steps,
    "Flagger x5": lambda one: flagger(one, 5),
    "Flagger x1": lambda one: flagger(one, 1),
    "Argo example": argo_rollouts.example,
    "Argo 99 %, 1m": argo_rollouts.strict,
    "Kayenta, 5 min": kayenta,
    "mixture SPRT": mixture_sprt,
}
SINGLE_RUNGS: Final = FAMILIES | FIELD
"""All families that are judged on one rung."""

PROVEN: Final = "canary-steps, proven"
PROVEN_FAMILY: Final = "equal 0.1 %, 100 rps"
"""The family in which a pass by the rule "proven" is timed as well."""

TUNING_SEEDS: Final = 0
"""First seed while the judge is being changed; published figures use those from REPORTING_SEEDS on, unseen before."""

REPORTING_SEEDS: Final = 1_000_000
PEER_RUNS: Final = 30
"""Rollouts of a family that every rule judges; the others only those of `_ALWAYS`, since "0 of 30" says little."""

_ALWAYS: Final = ("canary-steps", "mixture SPRT")
"""The rules that judge every rollout, also those of the field."""

_Z: Final = 1.96


@dataclass(frozen=True)
class Result:
    """What every rule did in one rollout, and the canary's failed requests until then."""

    family: str
    seed: int
    outcomes: Mapping[str, Outcome]
    harmed: Mapping[str, int]


@dataclass
class Tally:
    """What one rule did in a family's rollouts."""

    family: Family
    rule: str
    outcomes: list[Outcome] = field(default_factory=list)
    harmed: list[int] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """Number of rollouts."""
        return len(self.outcomes)

    @property
    def times(self) -> list[float]:
        """Seconds to each roll-back, sorted."""
        return sorted(one.failed_after for one in self.outcomes if one.failed_after is not None)

    @property
    def rolled_back(self) -> float:
        """Share (0-1) of rollouts that were rolled back."""
        return len(self.times) / self.runs if self.runs else 0.0

    @property
    def limits(self) -> tuple[float, float]:
        """Wilson's 95 % limits of that share."""
        n, p = max(self.runs, 1), self.rolled_back
        middle, width = p + _Z * _Z / (2 * n), _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        whole = 1 + _Z * _Z / n
        return max(0.0, (middle - width) / whole), min(1.0, (middle + width) / whole)

    @property
    def passed(self) -> list[float]:
        """Seconds to the first pass of each rollout that got one."""
        return [one.passed_after for one in self.outcomes if one.passed_after is not None]

    def quantile(self, share: float) -> float | None:
        """Return the time by which `share` of ALL rollouts were rolled back, or None if fewer were."""
        index = max(0, round(share * self.runs + 0.499) - 1)
        return self.times[index] if index < len(self.times) else None

    @property
    def typical_harm(self) -> float:
        """Median of the canary's failed requests before the roll-back (or the deadline)."""
        return median(self.harmed) if self.harmed else 0.0


def once(task: tuple[str, int]) -> Result:
    """Simulate one rollout and let every rule judge it, or only some after the first PEER_RUNS seeds."""
    name, seed = task
    one = rollout(SINGLE_RUNGS[name], seed)
    everyone = name in FAMILIES and seed % REPORTING_SEEDS < PEER_RUNS
    outcomes = {rule: run(one) for rule, run in RULES.items() if everyone or rule in _ALWAYS}
    if name == PROVEN_FAMILY:
        outcomes[PROVEN] = proven(one)
    return Result(name, seed, outcomes, {rule: one.harmed(found.failed_after) for rule, found in outcomes.items()})


def measure(
    names: Sequence[str],
    runs: Callable[[Family], int],
    seconds: float,
    workers: int,
    first_seed: int = REPORTING_SEEDS,
) -> list[Result]:
    """Simulate in rounds over all families, so that each has had its share when `seconds` are over.

    Args:
        names: families.
        runs: maximum number of rollouts of a family.
        seconds: time after which no further rollout begins.
        workers: processes.
        first_seed: TUNING_SEEDS while the judge is being changed, REPORTING_SEEDS for figures to publish.
    """
    most = max(runs(SINGLE_RUNGS[name]) for name in names)
    tasks = (
        (name, first_seed + number) for number in range(most) for name in names if number < runs(SINGLE_RUNGS[name])
    )
    return list(in_time(once, tasks, seconds, workers))


def tallies(results: Sequence[Result]) -> dict[str, list[Tally]]:
    """Count by family and rule."""
    found: dict[str, dict[str, Tally]] = defaultdict(dict)
    for result in results:
        for rule, outcome in result.outcomes.items():
            tally = found[result.family].setdefault(rule, Tally(SINGLE_RUNGS[result.family], rule))
            tally.outcomes.append(outcome)
            tally.harmed.append(result.harmed[rule])
    return {name: list(rules.values()) for name, rules in found.items()}


def by_kind(found: Mapping[str, Sequence[Tally]]) -> dict[str, list[Tally]]:
    """Add up the loads of each kind, apart by reporter and by rule."""
    whole: dict[str, dict[str, Tally]] = defaultdict(dict)
    for rules in found.values():
        for one in rules:
            pooled = whole[one.family.group].setdefault(one.rule, Tally(one.family, one.rule))
            pooled.outcomes.extend(one.outcomes)
            pooled.harmed.extend(one.harmed)
    return {name: list(rules.values()) for name, rules in whole.items()}
