"""`make bench`'s second half, and `make bench-full`: rules over simulated rollouts, as a table and as a page."""

import os
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from steps.judge.second_trial import Mode
from tests.bench import claim_scenarios, claimed_power, judgement, ladders
from tests.bench.measure import PROVEN, REPORTING_SEEDS, RULES, Tally, measure, tallies
from tests.bench.page import write
from tests.bench.rules.ladder import MODES
from tests.bench.simulation.families import FAMILIES, QUICK
from tests.bench.simulation.family import Family
from tests.bench.simulation.field import FIELD
from tests.bench.target import Target
from tests.bench.targets import Measured, Tallies, targets

QUICK_SECONDS = 20.0
FULL_SECONDS = 900.0
_QUICK_LADDERS = (10, 15.0)
"""Rollouts of each family by the whole ladder, and seconds for them."""

_RUNGS, _FIELD, _LADDERS, _CLAIMS = 0.25, 0.2, 0.47, 0.08
"""Parts of the time in full mode: for single rungs by every rule, those of the field, whole ladders, and claims."""

_QUICK_CLAIMS, _FULL_CLAIMS = (6, 20), (40, 25)
"""Rollouts of a scenario of `claimed_power`, and canaries in each."""

_NULL_RUNS, _FAULT_RUNS, _LADDER_RUNS = 400, 80, 400
"""Maximum number of rollouts of a family in full mode; the time decides how many there will be."""


def quick(console: Console) -> None:
    """Run some families, whole ladders and claims for a minute and print the tables."""
    results = measure(QUICK, lambda family: 200 if family.fault else 400, QUICK_SECONDS, _workers())
    climbs = ladders.measure(ladders.QUICK, *_QUICK_LADDERS, _workers())
    claims = [claimed_power.check_claim(one, *_QUICK_CLAIMS) for one in claim_scenarios.QUICK]
    found = Measured(tallies(results), {}, climbs, claims)
    _print(console, found.rungs)
    _print_ladders(console, climbs)
    _print_claims(console, claims)
    _print_targets(console, targets(found))


def full(console: Console, seconds: float = FULL_SECONDS, workers: int = 0) -> None:
    """Run every family for `seconds`, print the table and write docs/benchmark.md."""
    workers = workers or _workers()
    results = measure(tuple(FAMILIES), _full_runs, seconds * _RUNGS, workers)
    field = measure(tuple(FIELD), _full_runs, seconds * _FIELD, workers)
    climbs = ladders.measure(tuple(ladders.ROLLOUTS), _LADDER_RUNS, seconds * _LADDERS, workers)
    claims = claimed_power.measure(
        claim_scenarios.FULL, *_FULL_CLAIMS, seconds * _CLAIMS, workers, first_seed=REPORTING_SEEDS
    )
    last = max(result.seed for result in (*results, *field))
    about = (
        f"`make bench-full SECONDS={seconds:.0f}` on {datetime.now(UTC):%Y-%m-%d}: {len(results) + len(field)} single"
        f" rungs and {sum(len(one[Mode.NEVER].ended) for one in climbs.values())} whole rollouts, seeds"
        f" {REPORTING_SEEDS} to {last}."
    )
    found = Measured(tallies(results), tallies(field), climbs, claims, judgement.measure(7))
    _print(console, found.rungs)
    _print_ladders(console, ladders.grouped(climbs))
    _print_claims(console, claims)
    _print_targets(console, targets(found))
    console.print(f"Written: {write(found, about)}")


def _print_ladders(console: Console, found: ladders.Found) -> None:
    for mode in MODES:
        table = Table(title=f"Whole rollouts with default settings, second-trial {mode}")
        for head in ladders.HEADS:
            table.add_column(head, justify="left" if head == ladders.HEADS[0] else "right")
        for name, modes in found.items():
            table.add_row(f"{_mark(modes[mode].family)} {name}", *modes[mode].cells)
        console.print(table)


def _print_targets(console: Console, lines: list[Target]) -> None:
    for one in lines:
        met = f"[{_colour(met=one.met)}]{'met   ' if one.met else 'missed'}[/]"
        console.print(f"{met} {one.what}: {one.measured} (target {one.limit})")


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


def _print(console: Console, found: Tallies) -> None:
    table = Table(title="Rolled back: % of rollouts; median minutes; the canary's failed requests until then (median)")
    table.add_column("family (rollouts)")
    for rule in RULES:
        table.add_column(rule, justify="right")
    for rules in found.values():
        family = rules[0].family
        cells = [_cell(one) for one in rules if one.rule != PROVEN]
        table.add_row(f"{_mark(family)} {family.name} ({rules[0].runs})", *cells)
    console.print(table)


def _cell(tally: Tally) -> str:
    text = f"{100 * tally.rolled_back:.1f}"
    if not tally.family.fault:
        return text
    middle = tally.quantile(0.5)
    return f"{text}; {'-' if middle is None else f'{middle / 60:.1f}'}; {tally.typical_harm:.0f}"
