"""A lock: two processes that start or end parts of the lab would build and write the same files."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.cluster.build import CACHE


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other process of this user starts or ends a part; do not nest it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
