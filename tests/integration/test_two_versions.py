"""Two images of different versions may meet on one claim: each reads, continues and ends what the other began.

The older version is a wheel built from the last commit whose claims were written by the code before `steps/claim/`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from steps.claim.keys import claim_key, record_key, state_key
from tests.integration.lab_app import LabApp
from tests.support.processes import ROOT
from tests.support.step_run import StepFiles, StepResult, environment

pytestmark = pytest.mark.integration

OLDER = "2dda7662e466"
VERSIONS = ["older", "newer"]
DIFFERENT = {"started", "expires", "weights", "latency_bounds", "small_bound"}
"""Fields that may differ between two equal runs: times, and measurements of stable."""

Deploy = Callable[..., LabApp]


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the older version as pip installs it, without its dependencies."""
    folder = tmp_path_factory.mktemp("older")
    source, wheels, installed = folder / "source", folder / "wheels", folder / "installed"
    source.mkdir()
    known = subprocess.run(["git", "cat-file", "-e", f"{OLDER}^{{commit}}"], cwd=ROOT, check=False)
    if known.returncode:
        pytest.skip(f"commit {OLDER} is not in this clone, which is shallow: git fetch --unshallow")
    archive = subprocess.run(["git", "archive", OLDER], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "x", "-C", source], input=archive.stdout, check=True)
    uv = Path(sys.executable).with_name("uv")
    build = [uv, "build", "--quiet", "--offline", "--wheel", "--no-build-isolation", "--out-dir", wheels, source]
    subprocess.run([*map(str, build), "--python", sys.executable], check=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", installed, wheel], check=True)
    assert (installed / "steps" / "traffic" / "taking.py").exists(), "this is not the version before steps/claim/"
    return installed


@dataclass(frozen=True)
class TwoVersions:
    """An app, and the steps of both versions that release it."""

    app: LabApp
    older: Path
    folder: Path

    def run(self, version: str, step: str, *flags: str, expect: int = 0) -> StepResult:
        """Run a step of one version to its end, which must be as expected."""
        ended = self.app.run(step, *flags) if version == "newer" else self._run_older(step, flags)
        assert expect == ended.exit_code, f"{version} {step}: {ended.lines}"
        return ended

    def _run_older(self, step: str, flags: tuple[str, ...]) -> StepResult:
        folder = StepFiles(step, self.folder / f"older-{step}-{len(list(self.folder.iterdir()))}")
        env = {**self.app.env, **folder.env, "PYTHONPATH": str(self.older)}
        with folder.stdout.open("w") as stdout, folder.stderr.open("w") as stderr:
            ended = subprocess.run(
                # -P: the present directory has the newer version.
                [sys.executable, "-P", "-m", "steps", step, *flags],
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment(env), timeout=60, check=False,
            )  # fmt: skip
        return folder.ended(ended.returncode)

    def annotation(self, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return an annotation of the VirtualService, parsed."""
        return json.loads(self.app.virtual_service()["metadata"]["annotations"][key])

    def state(self) -> dict[str, Any]:
        """Return the state of the run without what differs from run to run."""
        body = self.annotation(state_key(self.app.name))
        return {name: value for name, value in body.items() if name not in DIFFERENT}


@pytest.fixture
def versions(deploy: Deploy, older: Path, tmp_path: Path, request: pytest.FixtureRequest) -> TwoVersions:
    """Return an app of one pod with a record of the older version."""
    folder = tmp_path / "older"
    folder.mkdir()
    words = request.node.name.replace("test_", "").replace("_", "-").replace("[", "-").removesuffix("]")
    return TwoVersions(deploy(f"{words[:12]}-{words[-5:]}"), older, folder)


def others(first: str) -> tuple[str, str]:
    """Return both versions, the given one first."""
    return (first, next(version for version in VERSIONS if version != first))


@pytest.mark.parametrize("first", VERSIONS)
def test_a_release_that_one_version_begins_is_promoted_by_both_in_turns(versions: TwoVersions, first: str) -> None:
    """Token, state and record are the same to both."""
    one, two = others(first)
    run = ("--run", "one")
    versions.run(one, "prepare", *run, "--image", versions.app.image("v2"))
    versions.run(two, "set-weight", *run, "--weight", "20")
    versions.run(one, "set-weight", *run, "--weight", "50")
    assert (50, 50) == versions.app.weights()
    versions.run(two, "promote", *run, "--unjudged", "two versions are tried")
    assert (versions.app.image("v2"), (100, 0), "") == (
        versions.app.running_image(), versions.app.weights(), versions.app.claim(),
    )  # fmt: skip
    assert "promoted" == versions.annotation(record_key(versions.app.name))["outcome"]
    assert "promoted" in versions.run(one, "report").out


@pytest.mark.parametrize("first", VERSIONS)
def test_a_run_of_one_version_is_rolled_back_by_the_other(versions: TwoVersions, first: str) -> None:
    """By the run itself, and by a person who takes over whatever is there."""
    one, two = others(first)
    for run, back in (("one", ("--run", "one")), ("two", ("--any-run",))):
        versions.run(one, "prepare", "--run", run, "--image", versions.app.image("v2"))
        versions.run(one, "set-weight", "--run", run, "--weight", "20")
        versions.run(two, "rollback", *back)
        assert ((100, 0), "", versions.app.image("v1")) == (
            versions.app.weights(), versions.app.claim(), versions.app.running_image(),
        )  # fmt: skip


def test_a_living_claim_of_one_version_is_in_the_way_of_the_other(versions: TwoVersions) -> None:
    """In both directions, with exit code 7."""
    for one, two in (others("older"), others("newer")):
        versions.run(one, "prepare", "--run", one, "--image", versions.app.image("v2"))
        late = ("--run", two, "--image", versions.app.image("v2"), "--on-busy", "fail")
        versions.run(two, "prepare", *late, expect=7)
        versions.run(two, "rollback", "--run", one)


def test_both_versions_write_the_same_token_and_state(versions: TwoVersions) -> None:
    """Field by field, apart from times."""
    written = {}
    for version in VERSIONS:
        versions.run(version, "prepare", "--run", "one", "--image", versions.app.image("v2"))
        versions.run(version, "set-weight", "--run", "one", "--weight", "20")
        marks = versions.app.virtual_service()["metadata"]["annotations"]
        run, _, phase = marks[claim_key(versions.app.name)].rsplit(":", 2)
        written[version] = {"run": run, "phase": phase, "state": versions.state()}
        versions.run(version, "rollback", "--run", "one")
    assert written["older"] == written["newer"]
    assert 1 == written["newer"]["state"]["version"]
