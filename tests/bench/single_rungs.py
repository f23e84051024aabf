"""One rung of 30 minutes in the field, by kind and reporter.

`python -m tests.bench.single_rungs --kind "noisy neighbours" --runs 20` repeats one kind with the seeds for tuning.
"""

import sys

from tests.bench import field_table
from tests.bench.measure import by_kind, measure, tallies
from tests.bench.selection import chosen, parser_for
from tests.bench.simulation.field import FIELD


def main() -> int:
    """Print the tables of good and of bad canaries."""
    given = parser_for("tests.bench.single_rungs", __doc__).parse_args()
    names = chosen(given, FIELD)
    found = tallies(measure(names, lambda _: given.runs, given.seconds, given.workers, given.seed))
    kinds = list(by_kind(found).values())
    good = field_table.nulls([rules for rules in kinds if not rules[0].family.fault])
    bad = field_table.faults([rules for rules in kinds if rules[0].family.fault])
    sys.stdout.write(f"{good}\n\n{bad}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
