"""Whole rollouts by the default ladder: how many were promoted, rolled back or left open, when, and at what cost.

`python -m tests.bench.ladders --kind "noisy neighbours" --runs 20` repeats one kind with the seeds for tuning.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.bench.in_time import in_time
from tests.bench.measure import REPORTING_SEEDS
from tests.bench.rules.ladder import INCONCLUSIVE, MODES, PROMOTED, ROLLED_BACK, Ended, climb
from tests.bench.selection import chosen, parser_for
from tests.bench.simulation import incidents
from tests.bench.simulation.family import Family
from tests.bench.simulation.field import FIELD

ROLLOUTS: Final = FIELD | incidents.LADDERS
HEADS: Final = (
    "rollouts", "promoted", "rolled back", "inconclusive", "failed requests, median (range)", "seconds, median (range)",
)  # fmt: skip
QUICK: Final = (
    *incidents.QUICK, "noisy neighbours, 100 rps, gateways", "pods with bad minutes, 100 rps",
    "an outage, the canary's earlier, 100 rps, gateways", "fails 20 %, 100 rps",
)  # fmt: skip
"""The families of `make bench`."""

_SELDOM: Final = 3
_Ends = Mapping[str, Ended]


@dataclass
class Climbs:
    """The rollouts of one family, or of several of one kind, in one mode."""

    family: Family
    ended: list[Ended] = field(default_factory=list)

    def count(self, how: str) -> int:
        """Count the rollouts that ended like this."""
        return sum(1 for one in self.ended if one.how == how)

    def share(self, how: str) -> float:
        """Return their share (0-1)."""
        return self.count(how) / len(self.ended) if self.ended else 0.0

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's cells, those of HEADS after the first."""
        counts = (f"{self.count(how)} of {len(self.ended)}" for how in (PROMOTED, ROLLED_BACK, INCONCLUSIVE))
        return *counts, _spread([one.failed for one in self.ended]), _spread([one.seconds for one in self.ended])


Found = Mapping[str, Mapping[str, Climbs]]
"""Rollouts by the name of their family (or kind) and by mode."""


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.0f} ({min(values):.0f}-{max(values):.0f})"


def once(task: tuple[str, int]) -> tuple[str, _Ends]:
    """Roll out one canary of a family in each mode."""
    name, seed = task
    return name, {mode: climb(ROLLOUTS[name], seed, settings) for mode, settings in MODES.items()}


def measure(
    names: Sequence[str], runs: int, seconds: float, workers: int, first_seed: int = REPORTING_SEEDS
) -> dict[str, dict[str, Climbs]]:
    """Roll out `runs` canaries of each family, one of each in turn; after `seconds` no further one begins.

    Families with fixed numbers have their turn in every third round only.
    """
    found: dict[str, dict[str, Climbs]] = {}
    turns = ((number, name) for number in range(runs) for name in names)
    tasks = ((name, first_seed + number) for number, name in turns if number % _SELDOM == 0 or ROLLOUTS[name].vary)
    for name, ends in in_time(once, tasks, seconds, workers):
        for mode, ended in ends.items():
            found.setdefault(name, {}).setdefault(mode, Climbs(ROLLOUTS[name])).ended.append(ended)
    return found


def grouped(found: Found) -> dict[str, dict[str, Climbs]]:
    """Add up the loads of each kind, apart by reporter; bad canaries of the field stay apart by load."""
    whole: dict[str, dict[str, Climbs]] = defaultdict(dict)
    for name, modes in found.items():
        for mode, one in modes.items():
            family = one.family
            group = name if family.fault and family.vary else family.group
            whole[group].setdefault(mode, Climbs(family)).ended.extend(one.ended)
    return dict(whole)


def kind_of(family: Family) -> str:
    """Return in words what should become of a family's rollouts, and whether it was held out."""
    return ("bad" if family.fault else "good") + (", held out" if family.held_out else "")


def markdown(found: Found, mode: str, *, fault: bool | None = None) -> str:
    """Return the table of the page for one mode: of bad canaries, of good ones, or (None) of both."""
    rows = [f"| {' | '.join(HEADS)} |", "|---|" + "--:|" * (len(HEADS) - 1)]
    rows += [
        f"| {name} ({kind_of(modes[mode].family)}) | {' | '.join(modes[mode].cells)} |"
        for name, modes in found.items()
        if mode in modes and fault in {None, modes[mode].family.fault}
    ]
    return "\n".join(rows)


def main() -> int:
    """Print the tables of a kind, or of several families, with the seeds for tuning."""
    parser = parser_for("tests.bench.ladders", __doc__)
    parser.add_argument("--each", action="store_true", help="every load of a kind by itself")
    given = parser.parse_args()
    found = measure(chosen(given, ROLLOUTS), given.runs, given.seconds, given.workers, given.seed)
    shown = found if given.each else grouped(found)
    for mode in MODES:
        sys.stdout.write(f"second-trial {mode}\n\n{markdown(shown, mode)}\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
