"""The steps as users run them, against one app of the embedded lab.

Long steps run in a process of their own. Short ones use the same `main`, flags, environment and result files in this
process: starting Python a hundred times would take longer than all their work.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Load
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import AUTOSCALER, DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE
from tests.support.step_run import Json, RunningStep, StepFiles, StepResult, run_in_process

CLAIM = "canary-steps.io/claim."


class LabApp:
    """An app of the lab under a name of its own, and the steps that release it."""

    def __init__(self, lab: EmbeddedLab, name: str, folder: Path) -> None:
        self.lab, self.name = lab, name
        self.canary = f"{name}-canary"
        self._folder = folder
        self._numbers = count(1)
        self._runs: list[RunningStep] = []
        self._mark = 0
        self.mark()

    @property
    def env(self) -> dict[str, str]:
        """Settings of every step by its environment; flags and `env` of a test override them."""
        return {
            "CANARY_APP": self.name,
            "CANARY_KUBECONFIG": str(self.lab.kubeconfig),
            "CANARY_PROMETHEUS_URL": self.lab.prometheus_url,
            "CANARY_LOG_FORMAT": "json",
            "CANARY_DRAIN_SECONDS": "0",
            "CANARY_DRAIN_LIMIT_SECONDS": "0",
            "CANARY_WARMUP_SECONDS": "0",
            "CANARY_MIN_SECONDS": "0",
        }

    def start(self, step: str, *flags: str, **env: str) -> RunningStep:
        """Start one step."""
        running = RunningStep(step, flags, {**self.env, **env}, self._next_folder(step))
        self._runs.append(running)
        return running

    def run(self, step: str, *flags: str, timeout_seconds: float = 60.0, **env: str) -> StepResult:
        """Run one step to its end."""
        if step in {"rollout", "analyze"}:
            return self.start(step, *flags, **env).wait(timeout_seconds)
        return run_in_process(step, flags, {**self.env, **env}, self._next_folder(step), timeout_seconds)

    def _next_folder(self, step: str) -> StepFiles:
        return StepFiles(step, self._folder / f"{self.name[:30]}-{next(self._numbers)}-{step}")

    def prepared(self, run: str = "one", image: str = "v2", *flags: str) -> StepResult:
        """Run a prepare which must succeed."""
        ended = self.run("prepare", "--run", run, "--image", self.image(image), *flags)
        assert (0, "ready") == (ended.exit_code, ended.results["outcome"]), ended.lines
        return ended

    def image(self, tag: str) -> str:
        """Return the reference of one of its versions."""
        return f"demo/{self.name}:{tag}"

    def push(self, tag: str, *, version: str = "", **knobs: float | bool) -> str:
        """Publish a version, or move its tag to another image; return its reference."""
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
        """Change one of its objects, as somebody else would."""
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
        """Return whether a call is about this app; for faults that must not affect other apps."""
        return self.name in call.path or self.name.encode() in call.body

    def stop_steps(self) -> None:
        """Stop steps that still run."""
        for running in self._runs:
            running.stop()

    def remove(self) -> None:
        """Stop running steps and delete the app: pods of many apps would slow the lab down."""
        self.stop_steps()
        store = self.lab.api.store
        for kind in (AUTOSCALER, DEPLOYMENT, VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE):
            for name in (self.name, self.canary, f"{self.name}-baseline", f"{self.name}-primary"):
                if store.find(kind, self.lab.namespace, name) is not None:
                    store.delete(kind, self.lab.namespace, name)
