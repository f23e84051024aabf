"""`make bench-cluster`: releases a good and a failing version in each way and prints the table."""

from __future__ import annotations

import random
import sys

from rich.console import Console
from rich.table import Table

from tests.e2e.setup import deploy_shop, publish
from tests.e2e.speed.measure import (
    FLAGGER_EXPOSED_SECONDS,
    FLAGGER_FAILED,
    FLAGGER_GOOD_SECONDS,
    WAYS,
    Measured,
    measure,
)
from tests.lab.cluster.lab import ClusterLab


def main() -> None:
    """Measure each release in a namespace of its own."""
    table = Table("way", "exposed, s", "failed requests", "good release, s", title="40 requests/s, 5 s scrapes")
    table.add_row("Flagger 1.44.0", f"{FLAGGER_EXPOSED_SECONDS}", f"{FLAGGER_FAILED}", f"{FLAGGER_GOOD_SECONDS:.0f}")
    console = Console()
    for way in sys.argv[1:] or WAYS:
        bad, good = _measured(way, "errors"), _measured(way, "v2")
        promoted = "not promoted" if good.promoted_seconds is None else f"{good.promoted_seconds:.0f}"
        table.add_row(way, f"{bad.exposed_seconds:.1f}", str(bad.failed), promoted)
        console.print(f"{way}: {bad}; {good}")
    console.print(table)


def _measured(way: str, version: str) -> Measured:
    with ClusterLab(f"speed-{random.randrange(10**8)}") as lab:
        publish(lab)
        deploy_shop(lab)
        return measure(lab, way, version)


if __name__ == "__main__":
    main()
