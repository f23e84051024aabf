"""One clock for all processes of a schedule: sleeping takes no time, and the schedule moves the clock as it likes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

import steps.__main__ as steps_main  # loads every step, whose modules are patched below

BEGIN = 1_800_000_000.0
"""Unix seconds at which every schedule begins, so that it can be repeated exactly."""


class VirtualTime:
    """Stands for the module `time` in the code under test.

    Attributes:
        elapsed: seconds since the schedule began.
    """

    def __init__(self) -> None:
        self.elapsed = 0.0

    def time(self) -> float:
        """Return unix seconds."""
        return BEGIN + self.elapsed

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        """Let time pass at once. The next request is where others may go on."""
        self.elapsed += max(0.0, seconds)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the module has
        return getattr(time, name)


CLOCK = VirtualTime()


@contextmanager
def virtual_time() -> Iterator[VirtualTime]:
    """Give the code under test this clock, in its modules and in its default arguments, until the block ends."""
    replaced: dict[Callable[..., Any], Callable[..., Any]] = {time.sleep: CLOCK.sleep, time.monotonic: CLOCK.monotonic}
    with ExitStack() as stack:
        for module in _modules():
            if vars(module).get("time") is time:
                stack.enter_context(patch.object(module, "time", CLOCK))
            for function in _functions(module):
                given = function.__defaults__ or ()
                if any(one in replaced for one in given if callable(one)):
                    changed = tuple(replaced.get(one, one) if callable(one) else one for one in given)
                    stack.enter_context(patch.object(function, "__defaults__", changed))
        yield CLOCK


def _modules() -> list[ModuleType]:
    assert steps_main.__name__ in sys.modules
    return [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == "steps"]


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for found in list(vars(module).values()):
        members = list(vars(found).values()) if isinstance(found, type) else [found]
        yield from (one for one in members if isinstance(one, FunctionType) and one.__module__ == module.__name__)
