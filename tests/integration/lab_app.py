"""The product as its users run it, against one app of the embedded lab.

What watches or is watched runs in a process of its own. Short steps go through the same `main`, flags, environment
and result files in this process: starting Python a hundred times would cost more than all their work.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import structlog

from steps.__main__ import find, main
from steps.outputs.results import variable
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Load
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import AUTOSCALER, DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE
from tests.support.processes import ROOT

Json = dict[str, Any]
CLAIM = "canary-steps.io/claim."


@dataclass(frozen=True)
class Ended:
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
        """What a person reads where the step failed."""
        return str(self.closing.get("error", ""))

    @property
    def code(self) -> str:
        """The word for what kind of failure it was, as log filters see it."""
        return str(self.closing.get("code", ""))

    def events(self, name: str) -> list[Json]:
        """Return the log lines of one event."""
        return [line for line in self.lines if line.get("event") == name]


class Folder:
    """Where one step writes its log, its output and its results."""

    def __init__(self, step: str, path: Path) -> None:
        path.mkdir(parents=True)
        self.stderr, self.stdout = path / "stderr", path / "stdout"
        self._results = {name: path / name for name in find(step).results}
        self.env = {variable(name): str(file) for name, file in self._results.items()}

    def lines(self) -> list[Json]:
        """Return the log lines written so far."""
        complete, _, _ = self.stderr.read_text().rpartition("\n")
        return [json.loads(line) if line.startswith("{") else {"text": line} for line in complete.splitlines()]

    def ended(self, exit_code: int) -> Ended:
        """Return how the step ended."""
        results = {name: path.read_text() for name, path in self._results.items() if path.exists()}
        return Ended(exit_code, self.lines(), results, self.stdout.read_text())


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process' environment with only the given settings and results in it."""
    ours = ("CANARY_", "RESULT_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **more}


class Running:
    """One step at work; `wait()` gives its end, `wait_for_event` a point on its way."""

    def __init__(self, step: str, flags: tuple[str, ...], env: Mapping[str, str], folder: Folder) -> None:
        self._folder = folder
        with folder.stderr.open("w") as stderr, folder.stdout.open("w") as stdout:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "steps", step, *flags], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=stdout, stderr=stderr, env=environment({**folder.env, **env}),
            )  # fmt: skip

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

    def wait(self, timeout_seconds: float = 60.0) -> Ended:
        """Return how it ended."""
        try:
            code = self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"still at work after {timeout_seconds} s: {self.lines()}") from None
        return self._folder.ended(code)

    def stop(self) -> None:
        """End the process, however it stands."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def run_here(step: str, flags: tuple[str, ...], env: Mapping[str, str], folder: Folder, seconds: float) -> Ended:
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


class LabApp:
    """An app of the lab under a name of its own, and the steps that release it."""

    def __init__(self, lab: EmbeddedLab, name: str, folder: Path) -> None:
        self.lab, self.name = lab, name
        self.canary = f"{name}-canary"
        self._folder = folder
        self._numbers = count(1)
        self._runs: list[Running] = []
        self._mark = 0
        self.mark()

    @property
    def env(self) -> dict[str, str]:
        """What every step is told by its environment; flags and `env` of a test win."""
        return {
            "CANARY_APP": self.name,
            "CANARY_KUBECONFIG": str(self.lab.kubeconfig),
            "CANARY_PROMETHEUS_URL": self.lab.prometheus_url,
            "CANARY_LOG_FORMAT": "json",
            "CANARY_DRAIN_SECONDS": "0",
            "CANARY_WARMUP_SECONDS": "0",
            "CANARY_MIN_SECONDS": "0",
        }

    def start(self, step: str, *flags: str, **env: str) -> Running:
        """Start one step."""
        running = Running(step, flags, {**self.env, **env}, self._next_folder(step))
        self._runs.append(running)
        return running

    def run(self, step: str, *flags: str, timeout_seconds: float = 60.0, **env: str) -> Ended:
        """Run one step to its end."""
        if step in {"rollout", "analyze"}:
            return self.start(step, *flags, **env).wait(timeout_seconds)
        return run_here(step, flags, {**self.env, **env}, self._next_folder(step), timeout_seconds)

    def _next_folder(self, step: str) -> Folder:
        return Folder(step, self._folder / f"{self.name[:30]}-{next(self._numbers)}-{step}")

    def prepared(self, run: str = "one", image: str = "v2", *flags: str) -> Ended:
        """Run a prepare which must succeed."""
        ended = self.run("prepare", "--run", run, "--image", self.image(image), *flags)
        assert (0, "ready") == (ended.exit_code, ended.results["outcome"]), ended.lines
        return ended

    def image(self, tag: str) -> str:
        """Return the reference of one of its versions."""
        return f"demo/{self.name}:{tag}"

    def push(self, tag: str, *, version: str = "", **knobs: float | bool) -> str:
        """Publish a version, or move its tag to other bits; returns its reference."""
        self.lab.registry.push(self.image(tag), version=version, **knobs)
        return self.image(tag)

    def users(self, rate: float = 40.0, seconds: float = 600.0) -> Load:
        """Start users of this app."""
        return self.lab.load(rate, self.name, seconds=seconds)

    def weights(self, route: int = 0) -> tuple[int, ...]:
        """Return the weights of a route, stable's first."""
        entries = self.virtual_service()["spec"]["http"][route]["route"]
        return tuple(entry.get("weight", 0) for entry in entries)

    def virtual_service(self) -> Json:
        """Return its VirtualService."""
        return dict(self.lab.api.store.get(VIRTUAL_SERVICE, self.lab.namespace, self.name))

    def deployment(self, name: str = "") -> Json:
        """Return a Deployment, stable's by default."""
        return dict(self.lab.api.store.get(DEPLOYMENT, self.lab.namespace, name or self.name))

    def running_image(self) -> str:
        """Return the image of stable's template."""
        return str(self.deployment()["spec"]["template"]["spec"]["containers"][0]["image"])

    def change(self, kind: Any, change: Callable[[Json], Json], name: str = "") -> None:  # noqa: ANN401 - lab's Kind
        """Change one of its objects as somebody else would."""
        self.lab.api.store.change(kind, self.lab.namespace, name or self.name, change)

    def claim(self) -> str:
        """Return the token of the claim on its VirtualService, "" where there is none."""
        marks = self.virtual_service()["metadata"].get("annotations") or {}
        return next((str(value) for key, value in marks.items() if key.startswith(CLAIM)), "")

    def wait_until_known(self) -> None:
        """Wait until Prometheus knows of requests to stable."""
        series = f'istio_requests_total{{destination_workload="{self.name}"}}'
        self.lab.wait_for(lambda: self.lab.query(series), what=f"{series} in Prometheus")

    def approve(self, run: str) -> None:
        """Let a run pass its gate, as a person does with kubectl."""
        mark = {f"canary-steps.io/approve.{self.name}": run}

        def change(item: Json) -> Json:
            item["metadata"]["annotations"] = {**(item["metadata"].get("annotations") or {}), **mark}
            return item

        self.change(VIRTUAL_SERVICE, change)

    def mark(self) -> None:
        """Count the writes from now on."""
        self._mark = len(self.lab.api.faults.log)

    def writes(self) -> list[Call]:
        """Return the writes to this app's objects since the last mark."""
        return [call for call in self.lab.api.faults.log[self._mark :] if call.is_write and self.concerns(call)]

    def concerns(self, call: Call) -> bool:
        """Tell whether a call is about this app; for faults that must leave the others alone."""
        return self.name in call.path or self.name.encode() in call.body

    def stop_steps(self) -> None:
        """End what is still at work."""
        for running in self._runs:
            running.stop()

    def remove(self) -> None:
        """End what is still at work and delete the app: pods of many apps would slow the lab down."""
        self.stop_steps()
        store = self.lab.api.store
        for kind in (AUTOSCALER, DEPLOYMENT, VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE):
            for name in (self.name, self.canary, f"{self.name}-baseline", f"{self.name}-primary"):
                if store.find(kind, self.lab.namespace, name) is not None:
                    store.delete(kind, self.lab.namespace, name)
