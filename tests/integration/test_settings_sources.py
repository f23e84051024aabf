"""The same steps by flags, by environment and by canary.yaml: same exit codes, same results, in a bare container."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from steps.__main__ import find
from steps.outputs.results import LIMIT_BYTES, variable_name
from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab

pytestmark = pytest.mark.integration

Source = Literal["flags", "environment", "file"]
PROGRAM = Path(sys.executable).with_name("canary-steps")

# One run like a pipeline's; the app has no users, so the rung ends inconclusive.
WALK: tuple[tuple[str, dict[str, str]], ...] = (
    ("prepare", {"image": "demo/parity:v2", "by": "ada"}),
    ("set-weight", {"weight": "10"}),
    ("analyze", {"weight": "20", "timeout-seconds": "0.2", "poll-seconds": "0.1"}),
    ("report", {"format": "json"}),
    ("rollback", {"drain-seconds": "0", "drain-limit-seconds": "0"}),
    ("promote", {}),
    ("rollout", {"image": "demo/parity:v2", "ladder": "50,5"}),
)
EXPECTED = [
    ("prepare", 0, {"outcome": "ready", "run": "one", "canary-image": "demo/parity:v2"}),
    ("set-weight", 0, {"weight": "10", "previous-weight": "0", "observed": ""}),
    ("analyze", 6, {"verdict": "inconclusive"}),
    ("report", 0, {"outcome": "walking"}),
    ("rollback", 0, {"outcome": "rolled-back"}),
    ("promote", 7, {"outcome": ""}),
    ("rollout", 2, {"outcome": "", "run": ""}),
]


@dataclass
class Bare:
    """A bare container: an empty read-only working directory, no HOME, hardly any environment."""

    folder: Path
    common: Mapping[str, str]
    source: Source
    ends: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    logs: list[list[dict[str, Any]]] = field(default_factory=list)
    printed: list[tuple[str, str]] = field(default_factory=list)

    def run(self, step: str, given: Mapping[str, str]) -> None:
        """Run one step."""
        number = f"{len(self.ends)}-{step}"
        work, results = self.folder / f"work-{number}", self.folder / f"results-{number}"
        work.mkdir(mode=0o555)
        settings = {**self.common, **given}
        if "run" not in find(step).settings.model_fields:
            settings.pop("run", None)
        names = find(step).results
        env = {variable_name(name): str(results / name) for name in names}
        flags: list[str] = []
        if self.source == "flags":
            known = find(step).settings.model_fields
            flags = [f"--{name}={value}" for name, value in settings.items() if name.replace("-", "_") in known]
        elif self.source == "environment":
            env |= {f"CANARY_{name.replace('-', '_').upper()}": value for name, value in settings.items()}
        else:
            file = self.folder / f"{number}.yaml"
            file.write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
            env["CANARY_CONFIG"] = str(file)
        ended = subprocess.run(
            [PROGRAM, step, *flags], cwd=work, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert [] == list(work.iterdir())
        written = {name: (results / name).read_text() for name in names}
        self.ends.append((step, ended.returncode, written))
        self.logs.append([json.loads(line) for line in ended.stderr.splitlines()])
        self.printed.append((step, ended.stdout))


@pytest.fixture(scope="module")
def app(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> LabApp:
    """Return the app that all runs release in turn."""
    return deploy_to(shared_lab, "parity", tmp_path_factory.mktemp("parity"))


@pytest.fixture(scope="module", params=["flags", "environment", "file"])
def walked(request: pytest.FixtureRequest, app: LabApp, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """Return the outcome of a run by one source of settings."""
    common = {
        "app": app.name,
        "run": "one",
        "kubeconfig": str(app.lab.kubeconfig),
        "prometheus-url": app.lab.prometheus_url,
        "api-retry-seconds": "5",
    }
    bare = Bare(tmp_path_factory.mktemp(request.param), common, request.param)
    for step, given in WALK:
        bare.run(step, given)
    return bare


def test_exit_codes_and_results_are_the_same_by_every_source(walked: Bare) -> None:
    """Of every step, also where it is refused."""
    seen = [
        (step, code, {name: results[name] for name in expected[2]})
        for (step, code, results), expected in zip(walked.ends, EXPECTED, strict=True)
    ]
    assert EXPECTED == seen, walked.logs


def test_results_are_complete_small_and_without_a_newline(walked: Bare) -> None:
    """On every path: Tekton fails a task whose result is missing."""
    for step, code, results in walked.ends:
        assert set(find(step).results) == set(results)
        assert LIMIT_BYTES >= sum(len(value.encode()) for value in results.values())
        assert [] == [name for name, value in results.items() if value.endswith("\n")], (step, code)


def test_the_judgement_result_is_json_of_at_most_600_bytes(walked: Bare) -> None:
    """Small enough to stand beside the others; the full one is a file."""
    (text,) = [results["judgement"] for step, _, results in walked.ends if step == "analyze"]
    judgement = json.loads(text)
    assert (1, "inconclusive") == (judgement["version"], judgement["verdict"])
    assert len(text.encode()) <= 600


def test_the_log_is_one_json_object_a_line_with_one_closing_line(walked: Bare) -> None:
    """The step's name on each, the exit code on the last."""
    for (step, code, _), lines in zip(walked.ends, walked.logs, strict=True):
        assert {step} == {line["step"] for line in lines}
        closing = [line for line in lines if line["event"] in {"step.ended", "step.failed"}]
        assert ([code], closing[-1]) == ([line["exit_code"] for line in closing], lines[-1])


def test_standard_output_belongs_to_the_report(walked: Bare) -> None:
    """Programs read it from there."""
    assert ["report"] == [step for step, text in walked.printed if text]
    body = json.loads(next(text for step, text in walked.printed if step == "report"))
    assert ("one", "walking", "ada", [10, 20]) == (
        body["run"],
        body["state"],
        body["by"],
        [weight for _, weight in body["weights"]],
    )


def test_nothing_is_left_when_all_walks_are_done(app: LabApp, walked: Bare) -> None:
    """Each began where the previous one had ended."""
    assert ((100, 0), "", 0) == (app.weights(), app.claim(), app.deployment(app.canary)["spec"]["replicas"])
