"""Read the VirtualServices again and again, and keep what they say; the only part of the board that asks anybody."""

import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Final

import structlog

from steps.board_server.rows import row_of
from steps.board_server.snapshot import EVERYWHERE, Entry, NamespaceReads, Snapshot
from steps.claim.listing import apps_of, list_virtual_services
from steps.cluster.api import Cluster, Object
from steps.errors import StepError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LONGEST_ERROR: Final = 2000


class BoardReader:
    """Reads a few namespaces, or all by one request.

    Args:
        cluster: the API server, with a short time limit: the next read is the retry.
        namespaces: to read; (EVERYWHERE,) for all.

    Attributes:
        snapshot: as it is after the last read; a new object each time, so that any thread may take it.
    """

    def __init__(self, cluster: Cluster, namespaces: Sequence[str]) -> None:
        self._cluster = cluster
        self.snapshot = Snapshot(reads={name: NamespaceReads() for name in namespaces})

    def read_forever(self, interval_seconds: float, stop: Event) -> None:
        """Read until `stop` is set; a defect is logged, and the next read comes all the same."""
        while not stop.is_set():
            try:
                self.read()
            except Exception:  # the board must go on, and pages say how old its data is
                log.exception("board.read_crashed")
            stop.wait(interval_seconds)

    def read(self) -> None:
        """Read every namespace once, and replace the snapshot."""
        reads, objects = {}, list[Object]()
        for name, before in self.snapshot.reads.items():
            reads[name], found = self._read(name, before)
            objects += found
        succeeded = [name for name, one in reads.items() if not one.error]
        if not succeeded:
            self.snapshot = replace(self.snapshot, reads=reads)
            return
        entries = [Entry(app, row_of(app)) for app in apps_of(self._cluster, objects)]
        kept = [one for one in self.snapshot.entries if one.app.namespace in reads.keys() - set(succeeded)]
        now = self._cluster.now(), time.monotonic()
        self.snapshot = Snapshot((*entries, *kept), reads, now)

    def _read(self, name: str, before: NamespaceReads) -> tuple[NamespaceReads, list[Object]]:
        """Return how one read went, and the VirtualServices."""
        began = time.monotonic()
        try:
            found = list_virtual_services(self._cluster, None if name == EVERYWHERE else name, from_cache=True)
        except StepError as error:
            seconds = time.monotonic() - began
            return _failed(name, before, str(error)[:_LONGEST_ERROR], seconds), []
        if before.error:
            log.info(
                "board.reads_again", namespace=name or "all", failed_seconds=round(time.time() - before.failing_since)
            )
        seconds = time.monotonic() - began
        # The age of an answer counts from the request.
        return NamespaceReads(succeeded=began, errors=before.errors, seconds=seconds), found


def _failed(name: str, before: NamespaceReads, error: str, seconds: float) -> NamespaceReads:
    if error != before.error:
        log.warning("board.cannot_read", namespace=name or "all", error=error)
    since = before.failing_since or time.time()
    return replace(before, error=error, failing_since=since, errors=before.errors + 1, seconds=seconds)
