"""One step as its users run it: in a process of its own, or in this one by the same `main`, flags and files."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from steps.__main__ import find, main
from steps.outputs.results import variable_name
from tests.support.forked import Fork
from tests.support.processes import ROOT

Json = dict[str, Any]


@dataclass(frozen=True)
class StepResult:
    """How a step ended: exit code, log lines, result files and what it printed."""

    exit_code: int
    lines: list[Json]
    results: dict[str, str]
    out: str

    @property
    def closing(self) -> Json:
        """The one closing line."""
        found = self.events("step.ended") + self.events("step.failed")
        assert len(found) == 1, f"one closing line is promised; the log was {self.lines}"
        return found[0]

    @property
    def error(self) -> str:
        """The error message that a person reads."""
        return str(self.closing.get("error", ""))

    @property
    def code(self) -> str:
        """The code of the failure, for log filters."""
        return str(self.closing.get("code", ""))

    def events(self, name: str) -> list[Json]:
        """Return the log lines of one event."""
        return [line for line in self.lines if line.get("event") == name]


class StepFiles:
    """Where one step writes its log, its output and its results."""

    def __init__(self, step: str, path: Path) -> None:
        path.mkdir(parents=True)
        self.stderr, self.stdout = path / "stderr", path / "stdout"
        self._results = {name: path / name for name in find(step).results}
        self.env = {variable_name(name): str(file) for name, file in self._results.items()}

    def lines(self) -> list[Json]:
        """Return the log lines written so far."""
        complete, _, _ = self.stderr.read_text().rpartition("\n")
        return [json.loads(line) if line.startswith("{") else {"text": line} for line in complete.splitlines()]

    def ended(self, exit_code: int) -> StepResult:
        """Return how the step ended."""
        results = {name: path.read_text() for name, path in self._results.items() if path.exists()}
        return StepResult(exit_code, self.lines(), results, self.stdout.read_text())


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of this process with no other settings and results than the given ones."""
    ours = ("CANARY_", "RESULT_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **more}


class RunningStep:
    """A running step; `wait()` returns its result, `wait_for_event` a log line on the way."""

    def __init__(self, step: str, flags: tuple[str, ...], env: Mapping[str, str], folder: StepFiles) -> None:
        self._folder = folder
        folder.stderr.touch()
        folder.stdout.touch()
        settings = environment({**folder.env, **env})
        self.process = Fork("steps", (step, *flags), settings, folder.stdout, folder.stderr, ROOT)

    def lines(self) -> list[Json]:
        """Return the log lines written so far."""
        return self._folder.lines()

    def wait_for_event(self, name: str, saying: str = "", timeout_seconds: float = 30.0) -> Json:
        """Return the first log line of an event, with `saying` in its reason, as soon as it is there."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            ended = self.process.poll() is not None
            found = [line for line in self.lines() if line.get("event") == name and saying in line.get("reason", "")]
            if found:
                return found[0]
            assert not ended, f"ended without {name}: {self.lines()}"
            assert time.monotonic() < deadline, f"no {name} within {timeout_seconds} s: {self.lines()}"
            time.sleep(0.02)

    def wait(self, timeout_seconds: float = 60.0) -> StepResult:
        """Return how it ended."""
        try:
            code = self.process.wait(timeout_seconds)
        except TimeoutError:
            self.stop()
            raise AssertionError(f"still running after {timeout_seconds} s: {self.lines()}") from None
        return self._folder.ended(code)

    def stop(self) -> None:
        """Kill the process if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def run_in_process(
    step: str, flags: tuple[str, ...], env: Mapping[str, str], folder: StepFiles, seconds: float
) -> StepResult:
    """Run one step to its end in this process; after `seconds` it is interrupted."""
    before, handlers = dict(os.environ), {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    with (
        folder.stderr.open("w") as stderr,
        folder.stdout.open("w") as stdout,
        redirect_stderr(stderr),
        redirect_stdout(stdout),
    ):
        try:
            os.environ.clear()
            os.environ.update(environment({**folder.env, **env}))
            # main has a handler for SIGINT, which ends the step with 3.
            late = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
            late.start()
            code = main([step, *flags])
        finally:
            late.cancel()
            os.environ.clear()
            os.environ.update(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            structlog.reset_defaults()
            structlog.contextvars.clear_contextvars()
    return folder.ended(code)
