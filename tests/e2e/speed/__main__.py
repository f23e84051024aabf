"""`make bench-cluster`: releases good and bad versions in each way, again and again, and prints the table of the docs.

The ways are measured side by side, each in a namespace of its own; each repeats all cases in turn, so that what else
the machine does meets all of them.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from tests.e2e.setup import deploy_shop, publish, users_of
from tests.e2e.speed.measure import CASES, PAST_SECONDS, RATE, SCRAPE_SECONDS, WAYS, Case, Measured, measure
from tests.e2e.speed.table import table
from tests.lab.cluster import prometheus
from tests.lab.cluster.lab import ClusterLab

Found = dict[tuple[str, str], list[Measured]]


def main() -> None:
    """Measure, and print the table."""
    options = _options()
    deadline = time.monotonic() + options.seconds
    with ClusterLab(f"speed-{random.randrange(10**8)}") as lab:
        publish(lab)
    url = prometheus.up(SCRAPE_SECONDS)
    cases = [case for case in CASES if not options.case or case.name in options.case]
    found: Found = defaultdict(list)
    with ThreadPoolExecutor(len(options.way)) as pool:
        ended = [pool.submit(_repeat, way, cases, options.repeats, deadline, url, found) for way in options.way]
    for one in ended:
        one.result()
    runs = {(way, case.name): found[way, case.name] for way in options.way for case in cases}
    counts = sorted({len(measured) for measured in runs.values()})
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    _say(f"{datetime.now(UTC):%Y-%m-%d}; runs per cell: {counts}; {os.cpu_count()} cores, load average {load}")
    sys.stdout.write(table(cases, runs) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.speed", description=__doc__)
    parser.add_argument("way", nargs="*", choices=[*WAYS, []], help="what to measure, by default every way")
    parser.add_argument("--repeats", type=int, default=5, help="runs per way and case")
    parser.add_argument("--seconds", type=float, default=5400.0, help="start no release after so long")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], help="by default all")
    options = parser.parse_args()
    options.way = options.way or list(WAYS)
    return options


def _repeat(way: str, cases: list[Case], repeats: int, deadline: float, url: str, found: Found) -> None:
    """Measure every case of one way, as often as wanted or as time allows."""
    with ClusterLab(f"speed-{random.randrange(10**8)}") as lab:
        deploy_shop(lab)
        with users_of(lab, rate=RATE, url=url):
            time.sleep(PAST_SECONDS)
        for case in cases * repeats:
            if time.monotonic() > deadline:
                break
            measured = measure(lab, way, case, url)
            found[way, case.name].append(measured)
            _say(f"{way}, {case.name}: {measured}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
