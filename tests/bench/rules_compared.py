"""`make bench`'s second half, and `make bench-full`: rules over simulated rollouts, as a table and as a page."""

import os
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from tests.bench.measure import PEER_RUNS, PROVEN, REPORTING_SEEDS, RULES, Tally, measure, tallies
from tests.bench.page import write
from tests.bench.targets import targets
from tests.bench.world.families import FAMILIES, QUICK
from tests.bench.world.family import Family

QUICK_SECONDS = 30.0
FULL_SECONDS = 900.0
_NULL_RUNS, _FAULT_RUNS = 400, 80
"""Most rollouts of a family in the full mode; the time decides how many become of it."""


def quick(console: Console) -> None:
    """Run a dozen families for half a minute and print the table."""
    results = measure(QUICK, lambda family: 200 if family.fault else 400, QUICK_SECONDS, _workers())
    _print(console, tallies(results))


def full(console: Console, seconds: float = FULL_SECONDS, command: str = "make bench-full") -> None:
    """Run every family for `seconds`, print the table and write docs/benchmark.md."""
    results = measure(tuple(FAMILIES), _full_runs, seconds, _workers())
    found = tallies(results)
    _print(console, found)
    last = max(result.seed for result in results)
    about = (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {len(results)} rollouts, seeds {REPORTING_SEEDS} to {last},"
        f" each judged by ours, the first {PEER_RUNS} of a family by every rule."
    )
    console.print(f"Written: {write(found, about)}")


def _full_runs(family: Family) -> int:
    return _FAULT_RUNS if family.fault else _NULL_RUNS


def _workers() -> int:
    return max(1, min(8, os.cpu_count() or 1))


def _print(console: Console, found: dict[str, list[Tally]]) -> None:
    table = Table(title="Rolled back: % of rollouts; median minutes; the canary's failed requests until then (median)")
    table.add_column("family (rollouts)")
    for rule in RULES:
        table.add_column(rule, justify="right")
    for rules in found.values():
        family = rules[0].family
        mark = "[red]bad [/]" if family.fault else "[green]good[/]"
        cells = [_cell(one) for one in rules if one.rule != PROVEN]
        table.add_row(f"{mark} {family.name} ({rules[0].runs})", *cells)
    console.print(table)
    for one in targets(found):
        colour = "green" if one.met else "red"
        console.print(
            f"[{colour}]{'met   ' if one.met else 'missed'}[/] {one.what}: {one.measured} (target {one.limit})"
        )


def _cell(tally: Tally) -> str:
    text = f"{100 * tally.rolled_back:.1f}"
    if not tally.family.fault:
        return text
    middle = tally.quantile(0.5)
    return f"{text}; {'-' if middle is None else f'{middle / 60:.1f}'}; {tally.typical_harm:.0f}"
