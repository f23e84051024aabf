"""The image as a cluster's administrators need it: small, hardened, labelled, without a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.__main__ import STEPS
from tests.image.conftest import Describe
from tests.support.containers import HARDENED, run

pytestmark = pytest.mark.image
_LIMIT_MB = 90


@pytest.mark.parametrize("step", STEPS)
def test_every_step_prints_its_flags(image: str, step: str) -> None:
    """The image holds all that a step imports."""
    ended = run(image, step, "--help", **HARDENED)
    assert (0, f"usage: canary-steps {step}") == (ended.exit_code, ended.out[: len(f"usage: canary-steps {step}")])


def test_it_prints_its_version(image: str) -> None:
    """Installed as a package, not merely copied."""
    ended = run(image, "--version", **HARDENED)
    assert (0, "canary-steps ") == (ended.exit_code, ended.out[:13])


@pytest.mark.parametrize("user", ["65532:65532", "1000650000:0", "1:1"])
def test_any_user_may_run_it(image: str, user: str) -> None:
    """Even one without a name or a home, as in OpenShift; only a bad setting stops it."""
    ended = run(image, "set-weight", user=user, environment={"HOME": "/nonexistent"}, **HARDENED)
    assert (2, "step.failed") == (ended.exit_code, ended.closing["event"]), ended.err


def test_the_user_is_a_number_and_the_step_is_the_first_process(describe: Describe, image: str) -> None:
    """A policy can check a number, and a shell in between would swallow signals."""
    config = describe(image)["Config"]
    assert ("65532:65532", ["canary-steps"]) == (config["User"], config["Entrypoint"])


def test_no_shell_is_used(image: str, tmp_path: Path) -> None:
    """With every shell replaced by an empty file it works the same."""
    shells = {"/bin/sh", "/bin/bash", "/bin/dash", "/usr/bin/sh", "/usr/bin/bash", "/usr/bin/dash"}
    hidden = {tmp_path / str(number): shell for number, shell in enumerate(_real(image, shells))}
    assert hidden
    for path in hidden:
        path.touch()
    assert run(image, "report", "--help", mounts=hidden).exit_code == 0


def test_it_adds_little_to_its_base(describe: Describe, image: str, base: str) -> None:
    """It is pulled on every node where a step runs."""
    ours, below = (describe(name)["Size"] for name in (image, base))
    assert (ours - below) / 1e6 <= _LIMIT_MB


@pytest.mark.parametrize("name", ["kubernetes/aio", "aiohttp", "pip", "pytest"])
def test_the_image_has_nothing_that_no_step_needs(image: str, name: str) -> None:
    """Less to pull and less to patch."""
    found = _python(
        image, f"import pathlib, kubernetes; print((pathlib.Path(kubernetes.__file__).parents[1] / {name!r}).exists())"
    )
    assert found == "False\n"


def test_bytecode_is_there_for_every_module(image: str) -> None:
    """A read-only image can't cache it, and compiling takes longer than a step."""
    code = "import pathlib, steps; print([str(p) for p in pathlib.Path(steps.__file__).parents[1].rglob('*.py')"
    code += " if not list((p.parent / '__pycache__').glob(p.stem + '.*.pyc'))])"
    assert _python(image, code) == "[]\n"


def test_labels_describe_it(describe: Describe, image: str) -> None:
    """By the names that registries and scanners read."""
    labels = describe(image)["Config"]["Labels"]
    named = {f"org.opencontainers.image.{name}" for name in ("title", "description", "licenses", "version", "revision")}
    assert named <= set(labels)


def _python(image: str, code: str) -> str:
    ended = run(image, "-c", code, entrypoint="/opt/canary-steps/bin/python", **HARDENED)
    assert ended.exit_code == 0, ended.err
    return ended.out


def _real(image: str, paths: set[str]) -> list[str]:
    """Return the files behind paths; links can't be mounted over."""
    found = _python(
        image, f"import os; print(*{{os.path.realpath(p) for p in {sorted(paths)!r} if os.path.exists(p)}})"
    )
    return found.split()
