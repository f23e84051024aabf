"""Print the figures and their targets; the exit code is 0 either way, since absolute times depend on the machine.

`--full` compares the rules in every family and writes docs/benchmark.md; `--seconds` bounds that.
"""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from tests.bench import board, judgement, rules_comparison, startup

REPEATS = 7
STEPS = {
    "prepare": ["--app", "shop", "--image", "shop:v2"],
    "set-weight": ["--app", "shop", "--run", "r1", "--weight", "10"],
    "analyze": ["--app", "shop", "--run", "r1"],
    "promote": ["--app", "shop", "--run", "r1"],
    "rollback": ["--app", "shop", "--run", "r1"],
    "rollout": ["--app", "shop", "--image", "shop:v2"],
    "report": ["--app", "shop"],
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every family; writes docs/benchmark.md")
    parser.add_argument("--seconds", type=float, default=rules_comparison.FULL_SECONDS, help="time for --full")
    parser.add_argument("--workers", type=int, default=0, help="processes for --full; 0: as many as cores, at most 8")
    arguments = parser.parse_args()
    console = Console()
    if arguments.full:
        rules_comparison.full(console, arguments.seconds, arguments.workers)
        return 0
    _start_and_cost(console)
    rules_comparison.quick(console)
    return 0


def _start_and_cost(console: Console) -> None:
    table = Table(title=f"Start of a step, median of {REPEATS}")
    for column in (
        "step",
        "to its first API request (target 0.60 s)",
        "peak memory (target 80 MB)",
        "x `python -c pass`",
    ):
        table.add_column(column, justify="left" if column == "step" else "right")
    for one in startup.measure(STEPS, REPEATS):
        table.add_row(one.step, f"{one.seconds:.2f} s", f"{one.memory_mb:.0f} MB", f"{one.bare_ratio:.0f}")
    console.print(table)
    spent = judgement.measure(REPEATS)
    console.print(
        f"One judgement of {judgement.METRICS} metrics x {judgement.STRATA} strata with {judgement.PODS} stable pods: "
        f"{spent:.0f} ms of CPU, median of {REPEATS} (target 50 ms)"
    )
    cost = board.measure(REPEATS)
    console.print(
        f"The board with {board.APPS} apps: page {cost.page_ms:.0f} ms, /metrics {cost.metrics_ms:.0f} ms, median of "
        f"{REPEATS} (target 500 ms); peak memory {cost.memory_mb:.0f} MB (target 128 MB)"
    )


if __name__ == "__main__":
    sys.exit(main())
