"""docs/ladders.csv: whole rollouts of every family at every load, in every mode."""

import csv
from pathlib import Path
from statistics import median

from tests.bench.ladders import Found
from tests.bench.rules.ladder import INCONCLUSIVE, PROMOTED, ROLLED_BACK

_COLUMNS = (
    "family", "fault", "held_out", "rps", "gateways", "second_trial", "runs", "promoted", "rolled_back", "inconclusive",
    "failed_median", "failed_min", "failed_max", "seconds_median", "seconds_max", "with_second_trial",
)  # fmt: skip


def write(found: Found, path: Path) -> None:
    """Write one row for each family and mode."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, modes in found.items():
            for mode, one in modes.items():
                failed, seconds = [end.failed for end in one.ended], [end.seconds for end in one.ended]
                counts = [one.count(how) for how in (PROMOTED, ROLLED_BACK, INCONCLUSIVE)]
                writer.writerow(
                    [name, one.family.fault, one.family.held_out, f"{one.family.rps:g}", one.family.gateways, mode,
                     len(one.ended), *counts, f"{median(failed):.0f}", min(failed), max(failed),
                     f"{median(seconds):.0f}", f"{max(seconds):.0f}", sum(1 for end in one.ended if end.trials)]
                )  # fmt: skip
