"""Try many schedules on all clusters, and print how many; or repeat one: `make schedules REPEAT='…'`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from tests.schedules.part import Part, Result, try_part
from tests.schedules.schedule import repeat
from tests.schedules.topologies import TOPOLOGIES
from tests.schedules.violation import Violation
from tests.schedules.virtual_time import virtual_time


def main() -> int:
    """Return 0 if no promise was broken, else 1."""
    parser = argparse.ArgumentParser(prog="make schedules", description=__doc__)
    parser.add_argument("--schedules", type=int, default=5500, help="how many in all")
    parser.add_argument("--seed", type=int, default=1, help="another one tries other schedules")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--repeat", default="", help="a schedule as a failure printed it")
    given = parser.parse_args()
    if given.repeat:
        return _repeat(given.repeat)
    parts = [
        Part(topology, given.schedules // len(TOPOLOGIES) // 2, given.seed * 100 + number)
        for number in range(2)
        for topology in TOPOLOGIES
    ]
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(given.jobs, maxtasksperchild=1) as pool:
        results = []
        for done in pool.imap_unordered(try_part, parts, chunksize=1):
            results.append(done)
            tried = f"{done.schedules} schedules on {done.part.topology}"
            _say(f"{len(results)} of {len(parts)} parts after {time.monotonic() - began:.0f} s: {tried}")
    _print_table(results, time.monotonic() - began)
    return int(any(one.violation for one in results))


def _repeat(text: str) -> int:
    with virtual_time():
        try:
            done = repeat(text)
        except Violation as found:
            _say(str(found))
            return 1
    _say("\n".join([*done.journal, "No promise was broken."]))
    return 0


def _print_table(results: list[Result], seconds: float) -> None:
    for one in results:
        if one.violation:
            _say(f"Cluster {one.part.topology}, seed {one.part.seed}:\n{one.violation}\n")
    _say(f"{'cluster':10} {'schedules':>9} {'requests':>9} {'violations':>10}")
    for topology in TOPOLOGIES:
        found = [one for one in results if one.part.topology == topology]
        broken = sum(bool(one.violation) for one in found)
        tried, requests = sum(one.schedules for one in found), sum(one.requests for one in found)
        _say(f"{topology:10} {tried:9} {requests:9} {broken:10}")
    tried, requests = sum(one.schedules for one in results), sum(one.requests for one in results)
    _say(f"{'all':10} {tried:9} {requests:9} {sum(bool(one.violation) for one in results):10}  in {seconds:.0f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
