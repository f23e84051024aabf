"""Whole rollouts by the default ladder: how many were promoted, rolled back or left open, when, and at what cost."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.measure import REPORTING_SEEDS
from tests.bench.rules.ladder import INCONCLUSIVE, PROMOTED, ROLLED_BACK, Ended, climb
from tests.bench.simulation.family import Family
from tests.bench.simulation.incidents import LADDERS

HEADS = (
    "rollouts",
    "promoted",
    "rolled back",
    "inconclusive",
    "seconds, median/largest",
    "failed requests, median/largest",
)


@dataclass
class Climbs:
    """The rollouts of one family."""

    family: Family
    ended: list[Ended] = field(default_factory=list)

    def count(self, how: str) -> int:
        """Count the rollouts that ended like this."""
        return sum(1 for one in self.ended if one.how == how)

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's cells, in the order of HEADS."""
        counts = (f"{self.count(how)} of {len(self.ended)}" for how in (PROMOTED, ROLLED_BACK, INCONCLUSIVE))
        seconds, failed = ([getattr(one, name) for one in self.ended] for name in ("seconds", "failed"))
        return self.family.name, *counts, _pair(seconds), _pair(failed)


def _pair(values: Sequence[float]) -> str:
    return f"{median(values):.0f}/{max(values):.0f}"


def once(task: tuple[str, int]) -> tuple[str, Ended]:
    """Roll out one canary of a family."""
    name, seed = task
    return name, climb(LADDERS[name], seed)


def measure(
    names: Sequence[str], runs: int, seconds: float, workers: int, first_seed: int = REPORTING_SEEDS
) -> list[Climbs]:
    """Roll out `runs` canaries of each family, one of each in turn; after `seconds` no further turn begins."""
    began, found = time.monotonic(), {name: Climbs(LADDERS[name]) for name in names}
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for seed in range(first_seed, first_seed + runs):
            for name, ended in pool.map(once, [(name, seed) for name in names], chunksize=1):
                found[name].ended.append(ended)
            if time.monotonic() - began > seconds:
                break
    return list(found.values())


def markdown(found: Sequence[Climbs]) -> str:
    """Return the table of the page; families that were held out while the judge was being changed are marked."""
    rows = [f"| {' | '.join(HEADS)} |", "|---|" + "--:|" * (len(HEADS) - 1)]
    for one in found:
        name, *cells = one.cells
        kind = ("good", "bad")[one.family.fault] + (", held out" if one.family.held_out else "")
        rows.append(f"| {name} ({kind}) | {' | '.join(cells)} |")
    return "\n".join(rows)
