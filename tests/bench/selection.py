"""Which families a command runs, how often, and for how long; the held-out ones only if they are asked for."""

import argparse
from collections.abc import Mapping

from tests.bench.measure import TUNING_SEEDS
from tests.bench.simulation.family import Family


def parser_for(module: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every such command."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--kind", action="append", default=[], help="part of the names of the families; repeatable")
    parser.add_argument("--held-out", action="store_true", help="the families that are not for tuning")
    parser.add_argument("--only", choices=["good", "bad"], help="good or bad canaries alone")
    parser.add_argument("--runs", type=int, default=10, help="rollouts of each family")
    parser.add_argument("--seconds", type=float, default=300.0, help="time after which no further one begins")
    parser.add_argument("--seed", type=int, default=TUNING_SEEDS, help="first seed")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    return parser


def chosen(given: argparse.Namespace, families: Mapping[str, Family]) -> list[str]:
    """Return the names of the families that were asked for."""
    return [name for name, family in families.items() if _is_chosen(given, family)]


def _is_chosen(given: argparse.Namespace, family: Family) -> bool:
    named = not given.kind or any(kind in family.name for kind in given.kind)
    kind = given.only is None or family.fault is (given.only == "bad")
    return named and kind and family.held_out is given.held_out
