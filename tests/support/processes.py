"""Starts and stops operating system processes by pid, and cleans up after a lab that was killed.

Each lab keeps its state in a folder of its own; `owner` and `children` there hold "pid start-time" lines. A pid is
believed only while its start time is the same, since numbers are reused.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.forked import ChildProcess, Fork

ROOT = Path(__file__).resolve().parents[2]
_PREFIX = "canary-steps-lab-"


def start_time(pid: int) -> str | None:
    """Return when a process started (in clock ticks since boot), or None if it is not running."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def make_state_dir() -> Path:
    """Remove the leftovers of dead labs, then make a state folder that belongs to this process."""
    base = Path(tempfile.gettempdir())
    for left in base.glob(f"{_PREFIX}*"):
        _clean_up(left)
    state = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    (state / "owner").write_text(f"{os.getpid()} {start_time(os.getpid())}\n")
    return state


def _clean_up(state: Path) -> None:
    try:
        owner = (state / "owner").read_text().split()
        children = (state / "children").read_text().splitlines() if (state / "children").exists() else []
    except (FileNotFoundError, PermissionError):
        # Just being made, or somebody else's.
        return
    if len(owner) != 2 or start_time(int(owner[0])) == owner[1]:
        return
    for line in children:
        pid, _, started = line.partition(" ")
        if start_time(int(pid)) == started:
            os.kill(int(pid), signal.SIGKILL)
    shutil.rmtree(state, ignore_errors=True)


class Processes:
    """The processes of one lab."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._running: dict[int, ChildProcess] = {}
        (state / "logs").mkdir(exist_ok=True)

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process in its own session, so that Ctrl-C in the terminal reaches only the lab; log to a file."""
        with (self._state / "logs" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        self._remember(process)
        return process

    def fork(
        self, name: str, module: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Fork:
        """Start `python -m module` like `start`, but as a fork of a process that has imported it already."""
        log = self._state / "logs" / f"{name}.log"
        process = Fork(module, arguments, {**os.environ, **(environment or {})}, log, log, ROOT)
        self._remember(process)
        return process

    def _remember(self, process: ChildProcess) -> None:
        with (self._state / "children").open("a") as children:
            children.write(f"{process.pid} {start_time(process.pid)}\n")
        self._running[process.pid] = process

    def log_of(self, name: str) -> str:
        """Return what a process has written so far."""
        return (self._state / "logs" / f"{name}.log").read_text(errors="replace")

    def stop(self, process: ChildProcess, grace_seconds: float = 3.0) -> int:
        """Terminate a process, kill it after the grace period, and return its exit code."""
        self._running.pop(process.pid, None)
        if process.poll() is None:
            process.terminate()
            try:
                return process.wait(grace_seconds)
            except (subprocess.TimeoutExpired, TimeoutError):
                process.kill()
        return process.wait()

    def stop_all(self) -> None:
        """Terminate all processes at once, and kill them after a second."""
        running = list(self._running.values())
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 1.0
        for process in running:
            self.stop(process, max(deadline - time.monotonic(), 0.0))
