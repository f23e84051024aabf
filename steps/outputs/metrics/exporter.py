"""Export metrics beside a step: in a thread with a time limit, so that nothing here delays the step or ends it.

While the step works, the thread reads the release every few seconds, since a claim goes on being renewed in waits that
have no looks. The end of a step waits for the last export, but not longer than the limit.
"""

import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import replace
from typing import Final, Protocol

import structlog

from steps.errors import Interrupted, StepError
from steps.model.listing import ListedApp
from steps.model.looks import LastLook

log: structlog.stdlib.BoundLogger = structlog.get_logger()

PERIOD_SECONDS: Final = 10.0
"""Time between two exports; Prometheus scrapes seldom more often."""

ReadApps = Callable[[], Sequence[ListedApp]]
"""Reads claims and records as they are now; raises a StepError."""


class Target(Protocol):
    """Where metrics go."""

    def write(self, apps: Sequence[ListedApp]) -> None:
        """Replace what is there; raises a StepError that says why it cannot."""


class Exporter:
    """Exports the metrics of one step, from its making to `end`.

    Args:
        targets: where to.
        read: reads the release, or several.
        limit_seconds: how long the end of the step may wait (> 0).
        period_seconds: time between two exports (> 0).
    """

    def __init__(
        self,
        targets: Sequence[Target],
        read: ReadApps,
        limit_seconds: float,
        period_seconds: float = PERIOD_SECONDS,
    ) -> None:
        self._targets, self._read, self._limit, self._period = targets, read, limit_seconds, period_seconds
        self._look: LastLook | None = None
        self._is_over = False
        self._wake = threading.Event()
        self._warned: set[str] = set()
        self._thread = threading.Thread(target=copy_context().run, args=(self._work,), daemon=True)
        self._thread.start()

    def look(self, look: LastLook) -> None:
        """Keep a look for the next export; the first one and one above its line are exported now. Returns at once."""
        is_news = self._look is None or look.evidence >= 1
        self._look = look
        if is_news:
            self._wake.set()

    def end(self) -> None:
        """Export what the step left behind, and wait for that, but not longer than the limit."""
        self._is_over = True
        self._wake.set()
        try:
            self._thread.join(self._limit)
        except Interrupted as error:
            # The work of the step is done: its result must not become that of an interrupted one.
            log.warning("metrics.lost", detail=str(error))
            return
        if self._thread.is_alive():
            self._warn(f"not written or pushed within {self._limit:g} s (--metrics-timeout-seconds)")

    def _work(self) -> None:
        while True:
            is_end = self._is_over
            self._export(is_end=is_end)
            if is_end:
                return
            self._wake.wait(self._period)
            self._wake.clear()

    def _export(self, *, is_end: bool) -> None:
        try:
            apps = [self._with_look(app, is_end=is_end) for app in self._read()]
            for target in self._targets:
                self._write(target, apps)
        except StepError as error:
            self._warn(str(error))
        except Exception:  # a defect here must not end a release; the traceback is still logged
            log.exception("metrics.crashed")

    def _with_look(self, app: ListedApp, *, is_end: bool) -> ListedApp:
        """Return the app with what this process saw last.

        After the end of a run only evidence above its line stays: a fail may end a run before anybody scrapes it.
        """
        if self._look is None:
            return app
        if app.claim is not None:
            return replace(app, claim=replace(app.claim, state=replace(app.claim.state, look=self._look)))
        return app if is_end and self._look.evidence < 1 else replace(app, look=self._look)

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
