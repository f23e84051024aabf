"""What the board says about itself in /metrics."""

from collections.abc import Iterator
from typing import Final

from steps.board_server.snapshot import EVERYWHERE, Snapshot
from steps.outputs.metrics import series
from steps.outputs.metrics.samples import Sample, board_sample

_ALL: Final = "*"
"""Label of the reads of all namespaces; not a name that a namespace can have."""


def board_samples(snapshot: Snapshot, clock: float, stale_seconds: float) -> Iterator[Sample]:
    """Return whether the board can read everything, and how reading each namespace goes.

    Args:
        snapshot: as it is now.
        clock: the monotonic time now.
        stale_seconds: age from which data is not shown.
    """
    yield from board_sample(is_up=not snapshot.stale(clock, stale_seconds))
    for name, one in snapshot.reads.items():
        labels = (_ALL if name == EVERYWHERE else name,)
        if one.succeeded is not None:
            yield Sample(series.BOARD_LAST_READ, labels, round(snapshot.now(one.succeeded), 1))
        yield Sample(series.BOARD_READ_SECONDS, labels, round(one.seconds, 4))
        yield Sample(series.BOARD_READ_ERRORS, labels, float(one.errors))
