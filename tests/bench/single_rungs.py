"""One rung of 30 minutes in the field, by kind and reporter.

`python -m tests.bench.single_rungs --kind "noisy neighbours" --runs 20` repeats one kind with the seeds for tuning.
"""

import argparse
import sys

from tests.bench import field_table
from tests.bench.measure import TUNING_SEEDS, by_kind, measure, tallies
from tests.bench.simulation.field import FIELD


def main() -> int:
    """Print the tables of good and of bad canaries."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.single_rungs", description=__doc__)
    parser.add_argument("--kind", default="", help="part of the names of the families")
    parser.add_argument("--runs", type=int, default=10, help="rollouts of each family")
    parser.add_argument("--seconds", type=float, default=300.0, help="time after which no further one begins")
    parser.add_argument("--seed", type=int, default=TUNING_SEEDS, help="first seed")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    given = parser.parse_args()
    names = [name for name in FIELD if given.kind in name]
    found = tallies(measure(names, lambda _: given.runs, given.seconds, given.workers, given.seed))
    kinds = list(by_kind(found).values())
    good = field_table.nulls([rules for rules in kinds if not rules[0].family.fault])
    bad = field_table.faults([rules for rules in kinds if rules[0].family.fault])
    sys.stdout.write(f"{good}\n\n{bad}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
