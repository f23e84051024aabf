"""Run simulations in processes for a limited time."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

_Task = TypeVar("_Task")
_Found = TypeVar("_Found")


def in_time(run: Callable[[_Task], _Found], tasks: Iterator[_Task], seconds: float, workers: int) -> Iterator[_Found]:
    """Run tasks in order and in small groups; after `seconds` no further group begins.

    Args:
        run: a function of a module, which a process can import.
        tasks: those that matter first come first.
        seconds: from now on, of wall time.
        workers: processes.
    """
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        while time.monotonic() - began <= seconds and (group := list(islice(tasks, 4 * workers))):
            yield from pool.map(run, group, chunksize=1)
