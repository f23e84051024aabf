"""Do the same to many claims by a few threads, in an order that lets no namespace wait for the claims of another."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import zip_longest
from typing import TypeVar

_Item = TypeVar("_Item")


def in_fair_order(items: Iterable[_Item], namespace_of: Callable[[_Item], str]) -> list[_Item]:
    """Return the items with one of each namespace first, then the second ones, and so on; else by chance.

    By chance, since an order that is known lets the same ones wait each time.
    """
    groups: dict[str, list[_Item]] = defaultdict(list)
    for item in random.sample(list(items), k=len(list(items))):
        groups[namespace_of(item)].append(item)
    rounds = zip_longest(*groups.values())
    return [item for found in rounds for item in found if item is not None]


def for_each(items: Sequence[_Item], work: Callable[[_Item], None], threads: int, stop: Callable[[], None]) -> None:
    """Call `work` for each item, in order, by so many threads; a single one is done by this thread.

    Args:
        items: to work on.
        work: must keep its own errors; what it raises ends the others.
        threads: at once (>= 1).
        stop: called before an error is raised, and when this thread is interrupted: lets running work end soon.
    """
    if threads == 1 or len(items) < 2:  # noqa: PLR2004 - one needs no thread
        for item in items:
            work(item)
        return
    pool = ThreadPoolExecutor(min(threads, len(items)), thread_name_prefix="claim")
    try:
        for done in [pool.submit(copy_context().run, work, item) for item in items]:
            done.result()
    except BaseException:
        stop()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
