"""`make bench`'s second half, and `make bench-full`: rules over simulated rollouts, as a table and as a page."""

import os
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from tests.bench import claimed_power, ladders
from tests.bench.measure import PEER_RUNS, PROVEN, REPORTING_SEEDS, RULES, Tally, measure, tallies
from tests.bench.page import write
from tests.bench.rules.ladder import PROMOTED
from tests.bench.simulation import incidents
from tests.bench.simulation.families import FAMILIES, QUICK
from tests.bench.simulation.family import Family
from tests.bench.targets import targets

QUICK_SECONDS = 20.0
FULL_SECONDS = 900.0
_QUICK_LADDERS, _FULL_LADDERS = (10, 15.0), (60, 0.25)
"""Rollouts of each family by the whole ladder, and the time for them: seconds, and a part of all time in full mode."""

_QUICK_CLAIMS, _FULL_CLAIMS = (6, 20), (20, 50)
"""Rollouts of a scenario of `claimed_power`, and canaries in each."""

_NULL_RUNS, _FAULT_RUNS = 400, 80
"""Maximum number of rollouts of a family in full mode; the time decides how many there will be."""


def quick(console: Console) -> None:
    """Run some families, whole ladders and claims for a minute and print the tables."""
    results = measure(QUICK, lambda family: 200 if family.fault else 400, QUICK_SECONDS, _workers())
    _print(console, tallies(results))
    _print_ladders(console, ladders.measure(incidents.QUICK, *_QUICK_LADDERS, _workers()))
    _print_claims(console, [claimed_power.check_claim(one, *_QUICK_CLAIMS) for one in claimed_power.QUICK])


def full(console: Console, seconds: float = FULL_SECONDS, command: str = "make bench-full") -> None:
    """Run every family for `seconds`, print the table and write docs/benchmark.md."""
    runs, part = _FULL_LADDERS
    results = measure(tuple(FAMILIES), _full_runs, seconds * (1.0 - part), _workers())
    found = tallies(results)
    _print(console, found)
    climbs = ladders.measure(tuple(incidents.LADDERS), runs, seconds * part, _workers())
    _print_ladders(console, climbs)
    claims = [claimed_power.check_claim(one, *_FULL_CLAIMS, first_seed=REPORTING_SEEDS) for one in claimed_power.FULL]
    _print_claims(console, claims)
    last = max(result.seed for result in results)
    about = (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {len(results)} rollouts, seeds {REPORTING_SEEDS} to {last},"
        f" each judged by ours, the first {PEER_RUNS} of a family by every rule."
    )
    more = {"ladders": ladders.markdown(climbs), "claims": claimed_power.markdown(claims)}
    console.print(f"Written: {write(found, about, more)}")


def _print_ladders(console: Console, found: list[ladders.Climbs]) -> None:
    table = Table(title="Whole rollouts by the default ladder 5, 25, 50")
    for head in ladders.HEADS:
        table.add_column(head, justify="left" if head == ladders.HEADS[0] else "right")
    for one in found:
        name, *cells = one.cells
        table.add_row(f"{_mark(one.family)} {name}", *cells)
    console.print(table)
    bad = [one for one in found if one.family.fault]
    promoted, rollouts = sum(one.count(PROMOTED) for one in bad), sum(len(one.ended) for one in bad)
    console.print(f"[{_colour(met=not promoted)}]Bad canaries promoted: {promoted} of {rollouts}[/] (target 0)")


def _print_claims(console: Console, found: list[claimed_power.ClaimCheck]) -> None:
    for one in found:
        console.print(
            f"[{_colour(met=one.true)}]caught {100 * one.caught:.0f} % of {one.canaries}[/] canaries that failed"
            f" {100 * one.claimed:.2f} %, as a pass had claimed (target 88 to 97 %): {one.scenario.name}"
        )


def _colour(*, met: bool) -> str:
    return "green" if met else "red"


def _mark(family: Family) -> str:
    return "[red]bad [/]" if family.fault else "[green]good[/]"


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
        cells = [_cell(one) for one in rules if one.rule != PROVEN]
        table.add_row(f"{_mark(family)} {family.name} ({rules[0].runs})", *cells)
    console.print(table)
    for one in targets(found):
        met = f"[{_colour(met=one.met)}]{'met   ' if one.met else 'missed'}[/]"
        console.print(f"{met} {one.what}: {one.measured} (target {one.limit})")


def _cell(tally: Tally) -> str:
    text = f"{100 * tally.rolled_back:.1f}"
    if not tally.family.fault:
        return text
    middle = tally.quantile(0.5)
    return f"{text}; {'-' if middle is None else f'{middle / 60:.1f}'}; {tally.typical_harm:.0f}"
