"""`python -m module` as a fork of one process that has imported the modules already.

A release in the lab starts dozens of apps and steps; to import aiohttp or kubernetes costs each half a second of CPU.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Final, Protocol

_APPS: Final = ("tests.lab.embedded.app.__main__", "tests.lab.embedded.load.__main__")
_STEPS: Final = ("analyze", "prepare", "promote", "rollback", "rollout", "set_weight", "sweep", "undo")
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([*_APPS, "steps.__main__", *(f"steps.{step}" for step in _STEPS)])


class ChildProcess(Protocol):
    """What a fork and `subprocess.Popen` have in common."""

    @property
    def pid(self) -> int:
        """Return its number."""

    def poll(self) -> int | None:
        """Return its exit code, negative after a signal, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended.

        Raises:
            subprocess.TimeoutExpired, TimeoutError: it still runs after `timeout` seconds.
        """

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Fork:
    """A running fork.

    Args:
        module: a package whose `__main__` has `main()`, which returns an exit code or None.
        arguments: of the command line.
        environment: the whole of it.
        stdout: file to append to. stderr: another one, or the same.
        folder: where it works.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path,
        folder: Path,
    ) -> None:
        given = (module, tuple(arguments), dict(environment), stdout, stderr, folder)
        self._process = _SERVER.Process(target=_run, args=given, daemon=True)
        self._process.start()
        # Only the first read of the sentinel returns the exit code: two threads at once must not both read it.
        self._reading = threading.Lock()

    @property
    def pid(self) -> int:
        """Return its number."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """Return its exit code, negative after a signal, or None while it runs."""
        with self._reading:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended.

        Raises:
            TimeoutError: it still runs after `timeout` seconds.
        """
        connection.wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _run(
    module: str, arguments: tuple[str, ...], environment: dict[str, str], stdout: Path, stderr: Path, folder: Path
) -> None:
    """Become the process that `python -m module` would be, in a session of its own."""
    os.setsid()
    os.chdir(folder)
    for file, number in ((stdout, 1), (stderr, 2)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    sys.exit(importlib.import_module(f"{module}.__main__").main())
