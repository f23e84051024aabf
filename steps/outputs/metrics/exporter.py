"""Export metrics beside a step: in threads with a time limit, so that nothing here delays the step or ends it.

A look is exported while the step goes on; the end of a step waits for its export, but not longer than the limit.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import replace
from typing import Final, Protocol

import structlog

from steps.errors import Interrupted, StepError
from steps.model.listing import ListedApp
from steps.model.looks import LastLook

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOOK_SECONDS: Final = 10.0
"""Least time between two exports of looks; Prometheus scrapes seldom more often."""

ReadApps = Callable[[], Sequence[ListedApp]]
"""Reads claims and records as they are now; raises a StepError."""


class Target(Protocol):
    """Where metrics go."""

    def write(self, apps: Sequence[ListedApp]) -> None:
        """Replace what is there; raises a StepError that says why it cannot."""


class Exporter:
    """Exports the metrics of one step.

    Args:
        targets: where to.
        read: reads the release, or several.
        limit_seconds: how long the end of the step may wait (> 0).
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        read: ReadApps,
        limit_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._targets, self._read, self._limit, self._clock = targets, read, limit_seconds, clock
        self._look: LastLook | None = None
        self._next = float("-inf")
        self._is_over = False
        self._writing = threading.Lock()
        self._warned: set[str] = set()

    def look(self, look: LastLook) -> None:
        """Export a look in the background, unless another one was exported just now; returns at once."""
        self._look = look
        # Evidence above its line is the last that a release shows: it is not left out.
        if self._clock() < self._next and look.evidence < 1:
            return
        self._next = self._clock() + LOOK_SECONDS
        self._start()

    def end(self) -> None:
        """Export what the step left behind, and wait for that, but not longer than the limit."""
        self._is_over = True
        thread = self._start()
        try:
            thread.join(self._limit)
        except Interrupted as error:
            # The work of the step is done: its result must not become that of an interrupted one.
            log.warning("metrics.lost", detail=str(error))
            return
        if thread.is_alive():
            self._warn(f"not written or pushed within {self._limit:g} s (--metrics-timeout-seconds)")

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=copy_context().run, args=(self._export, self._is_over), daemon=True)
        thread.start()
        return thread

    def _export(self, is_end: bool) -> None:  # noqa: FBT001 - an argument of a thread
        # A look is not worth waiting for another one, nor is it news after the end.
        if not self._writing.acquire(blocking=is_end):
            return
        try:
            if is_end or not self._is_over:
                apps = [self._with_look(app, is_end=is_end) for app in self._read()]
                for target in self._targets:
                    self._write(target, apps)
        except StepError as error:
            self._warn(str(error))
        except Exception:  # a defect here must not end a release; the traceback is still logged
            log.exception("metrics.crashed")
        finally:
            self._writing.release()

    def _with_look(self, app: ListedApp, *, is_end: bool) -> ListedApp:
        """Return the app with what this process saw last; after the end only while its run goes on."""
        if self._look is None:
            return app
        if app.claim is not None:
            return replace(app, claim=replace(app.claim, state=replace(app.claim.state, look=self._look)))
        return app if is_end else replace(app, look=self._look)

    def _write(self, target: Target, apps: Sequence[ListedApp]) -> None:
        try:
            target.write(apps)
        except StepError as error:
            self._warn(str(error))

    def _warn(self, detail: str) -> None:
        """Log each sentence once: a Pushgateway that is down is down for the whole rung."""
        if detail not in self._warned:
            self._warned.add(detail)
            log.warning("metrics.lost", detail=detail)
