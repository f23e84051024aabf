"""A running load generator: a process of its own, so that a busy test doesn't slow the users."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.embedded.load.records import Record, View
from tests.support.processes import Processes


class Load:
    """Users of an app: `with lab.load(40) as load:`; `load.view()` is what they have seen so far."""

    def __init__(
        self, processes: Processes, out: Path, urls: list[str], *, rate: float, seconds: float, headers: dict[str, str]
    ) -> None:
        self._processes = processes
        self._out = out
        self._read_bytes = 0
        self._records: list[Record] = []
        options = ["--rate", str(rate), "--seconds", str(seconds), "--out", str(out)]
        for url in urls:
            options += ["--url", url]
        for name, value in headers.items():
            options += ["--header", f"{name}={value}"]
        self._process = processes.fork(out.stem, "tests.lab.embedded.load", options)

    def view(self) -> View:
        """Return all requests answered so far, in order of sending."""
        if self._out.exists():
            with self._out.open("rb") as out:
                out.seek(self._read_bytes)
                complete, newline, _ = out.read().rpartition(b"\n")
            self._read_bytes += len(complete) + len(newline)
            self._records += map(Record.parse, complete.decode().splitlines())
            self._records.sort(key=attrgetter("sent"))
        return View(tuple(self._records))

    def wait_for(self, holds: Callable[[View], bool], timeout_seconds: float = 30.0) -> View:
        """Return the view as soon as `holds(view)`, or raise AssertionError when the time is over."""
        deadline = time.monotonic() + timeout_seconds
        while not holds(view := self.view()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen within {timeout_seconds} s; users saw {view.per_second()[-10:]}")
            time.sleep(0.05)
        return view

    def stop(self) -> View:
        """Stop sending, wait for the answers under way and return everything."""
        self._processes.stop(self._process, 12.0)
        return self.view()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
