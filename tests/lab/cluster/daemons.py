"""Starts the lab's processes, waits until they are ready, and ends them by pid.

A process outlives the command that started it. The file `daemons` in the state folder has a line "name pid
start-time" for each; a pid is believed only while its start time is the same, since numbers are reused.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.lab.cluster.addresses import STATE
from tests.support.processes import ROOT, start_time

_LIST = STATE / "daemons"


@dataclass(frozen=True)
class Daemon:
    """A process, and the check that it is ready."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60.0
    """The maximum time to get ready."""


def start(*daemons: Daemon) -> None:
    """Start those that do not run, all at once; then wait until each is ready."""
    running = _running()
    for daemon in daemons:
        if daemon.name not in running:
            _launch(daemon)
    for daemon in daemons:
        wait_for(lambda: _ready(daemon), daemon.start_seconds, f"{daemon.name} to be ready")  # noqa: B023


def stop(name: str) -> None:
    """End one process."""
    _end([pid for one, pid in _running().items() if one == name], grace_seconds=10.0)


def kill(name: str) -> None:
    """Kill one process, as a crash would."""
    _end([pid for one, pid in _running().items() if one == name], grace_seconds=0.0)


def stop_all() -> None:
    """End all at once."""
    _end(list(_running().values()), grace_seconds=3.0)


def is_running(name: str = "") -> bool:
    """Return whether a process runs; without a name, whether any does."""
    running = _running()
    return name in running if name else bool(running)


def log_of(name: str) -> str:
    """Return what a process has written so far."""
    path = STATE / "logs" / f"{name}.log"
    return path.read_text(errors="replace") if path.exists() else ""


def wait_for(
    holds: Callable[[], bool], timeout_seconds: float = 60.0, what: str = "the condition", poll_seconds: float = 0.05
) -> None:
    """Return as soon as `holds()` is true; raise TimeoutError when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {timeout_seconds:.0f} s")
        time.sleep(poll_seconds)


def answers(url: str, verify: Path | None = None) -> Callable[[], bool]:
    """Return a check that a URL answers."""

    def is_answered() -> bool:
        try:
            return requests.get(url, timeout=2, verify=str(verify) if verify else True).ok
        except requests.RequestException:
            return False

    return is_answered


def _launch(daemon: Daemon) -> None:
    logs = STATE / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{daemon.name}.log").open("ab") as log:
        process = subprocess.Popen(
            daemon.command, cwd=ROOT, env={**os.environ, **daemon.environment}, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
    process.returncode = 0  # It outlives this process, so Python must not warn that it still runs.
    with _LIST.open("a") as listed:
        listed.write(f"{daemon.name} {process.pid} {start_time(process.pid)}\n")


def _ready(daemon: Daemon) -> bool:
    if daemon.name not in _running():
        raise RuntimeError(f"{daemon.name} has ended; it said:\n{log_of(daemon.name)[-3000:]}")
    return daemon.is_ready()


def _running() -> dict[str, int]:
    if not _LIST.exists():
        return {}
    lines = [line.split() for line in _LIST.read_text().splitlines()]
    return {name: int(pid) for name, pid, started in lines if start_time(int(pid)) == started}


def _end(running: list[int], grace_seconds: float) -> None:
    """Terminate, and kill after the grace period."""
    for pid in running if grace_seconds else ():
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while running := [pid for pid in running if start_time(pid) is not None]:
        if time.monotonic() > deadline:
            for pid in running:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.05)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
