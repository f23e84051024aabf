"""The image as a cluster's administrators need it: small, hardened, labelled, without a shell."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from steps.__main__ import STEPS
from tests.image.conftest import Describe
from tests.support.containers import HARDENED, Container, run
from tools.supply_chain.sbom import write_sbom

pytestmark = pytest.mark.image
_LIMIT_MB = 60
_WRONG_FILES = """
import os, stat
for root in {roots!r}:
    for folder, _, names in os.walk(root):
        for path in (os.path.join(folder, name) for name in names):
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and ({wrong}):
                print(path)
"""
_HELP = """
import contextlib, io, json
from steps.__main__ import main
found = {{}}
for step in {steps}:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main([step, "--help"])
    found[step] = [code, " ".join(out.getvalue().split()[:3])]
print(json.dumps(found))
"""
_INSTALLED = "import importlib.metadata as m, json; print(json.dumps([(d.name, d.version) for d in m.distributions()]))"


def test_every_step_prints_its_flags(image: str) -> None:
    """The image holds all that a step imports."""
    ended = json.loads(_python(image, _HELP.format(steps=list(STEPS))))
    assert {step: [0, f"usage: canary-steps {step}"] for step in STEPS} == ended


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


def test_nothing_runs_as_root_or_with_capabilities(image: str) -> None:
    """By default, without any security settings of the cluster."""
    lines = _python(image, "print(open('/proc/self/status').read())").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert ["65532"] * 4 == status["Uid"].split() == status["Gid"].split()
    assert "0" * 16 == status["CapEff"]


@pytest.mark.parametrize(
    ("roots", "wrong"),
    [
        (("/usr", "/bin", "/sbin", "/lib", "/opt"), "status.st_mode & 0o6000"),
        (("/opt",), "status.st_uid or status.st_mode & 0o22"),
    ],
    ids=["setuid", "writable"],
)
def test_no_file_helps_to_become_somebody_else(image: str, roots: tuple[str, ...], wrong: str) -> None:
    """No file lends the rights of its owner, and the steps can change none of ours, even without a read-only root."""
    assert "" == _python(image, _WRONG_FILES.format(roots=roots, wrong=wrong))


@pytest.mark.parametrize(
    "words", [("report", "--help"), ("set-weight",), ("sweep", "--kubeconfig", "/none"), ("--version",)]
)
def test_no_step_writes_to_the_root_file_system(image: str, words: tuple[str, ...]) -> None:
    """Here it could: nothing is mounted, and the root is not read-only."""
    with Container(image, *words) as container:
        container.wait()
        assert [] == container.changes()


def test_the_bill_of_materials_lists_what_is_installed(image: str, tmp_path: Path) -> None:
    """Each package with its version, and no other; the product itself is what the bill is about."""
    write_sbom(tmp_path / "sbom.json")
    found = json.loads((tmp_path / "sbom.json").read_text())
    listed = {one["name"]: one["version"] for one in found["components"]}
    product = found["metadata"]["component"]
    installed = {
        re.sub(r"[-_.]+", "-", name.lower()): version for name, version in json.loads(_python(image, _INSTALLED))
    }
    assert {**listed, product["name"]: product["version"]} == installed


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


@pytest.mark.parametrize("name", ["kubernetes/aio", "kubernetes/client/api", "aiohttp", "pip", "pytest"])
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
