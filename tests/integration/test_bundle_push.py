"""`make bundle` pushes to the registry of the distribution project: open, with a password, and twice."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.registries import PASSWORD, USER, Distribution
from tests.support.processes import ROOT, Processes, make_state_dir

pytestmark = pytest.mark.integration


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Return what starts a registry, and ends it."""
    started = Processes(make_state_dir())
    yield started
    started.stop_all()


def _bundle(tmp_path: Path, reference: str, *flags: str, password: str = "") -> subprocess.CompletedProcess[str]:
    config = tmp_path / "config.json"
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    config.write_text(json.dumps({"auths": {reference.partition("/")[0]: {"auth": auth}} if password else {}}))
    where = ("--output", str(tmp_path / "bundle.tar"), "--registry-config", str(config), "--plain-http")
    words = (sys.executable, "-m", "tools.bundle", *([reference] if reference else []), *where, *flags)
    return subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)


def test_a_registry_takes_the_bundle_and_has_every_layer(tmp_path: Path, processes: Processes) -> None:
    """Its digest is the one that was printed; a second push changes nothing."""
    registry = Distribution(tmp_path, processes)
    reference = f"{registry.host}/team/canary:1.0.0"
    first, second = (_bundle(tmp_path, reference) for _ in range(2))
    assert (0, first.stdout) == (second.returncode, second.stdout), second.stderr
    pushed = first.stdout.splitlines()[-1].removeprefix(f"pushed {registry.host}/team/canary@")
    url = f"http://{registry.host}/v2/team/canary"
    accepted = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    found = requests.get(f"{url}/manifests/1.0.0", headers=accepted, timeout=5)
    assert pushed == found.headers["Docker-Content-Digest"]
    digests = [one["digest"] for one in found.json()["layers"]]
    assert 15 < len(digests)
    assert {200} == {requests.head(f"{url}/blobs/{one}", timeout=5).status_code for one in digests}


def test_credentials_of_docker_login_are_used(tmp_path: Path, processes: Processes) -> None:
    """A wrong password is an error that names the registry, without a traceback or the password."""
    registry = Distribution(tmp_path, processes, password=True)
    reference = f"{registry.host}/team/canary:1.0.0"
    done = _bundle(tmp_path, reference, password="wr0ng")
    assert done.returncode == 1
    assert f"the registry {registry.host} answered 401" in done.stderr
    assert set() == {word for word in ("Traceback", "wr0ng") if word in done.stderr}
    assert _bundle(tmp_path, reference, password=PASSWORD).returncode == 0


def test_an_unreachable_registry_is_named_and_the_file_is_there(tmp_path: Path) -> None:
    """What was written can be pushed by another tool."""
    done = _bundle(tmp_path, "localhost:1/team/canary:1.0.0")
    assert done.returncode == 1
    assert "localhost:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "bundle.tar").stat().st_size > 10_000
