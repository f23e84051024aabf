"""`resolve` against registries: the distribution project's, by HTTP, HTTPS and password, and one with tokens."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.registries import PASSWORD, USER, Distribution, token_registry
from tests.lab import docker_registry
from tests.support.local_servers import Pki
from tests.support.processes import Processes, make_state_dir
from tests.support.step_run import StepFiles, StepResult, run_in_process

pytestmark = pytest.mark.integration

Resolve = Callable[..., StepResult]


@pytest.fixture
def resolve(tmp_path: Path) -> Resolve:
    """Return a function that runs the step in this process."""

    def run(*flags: str) -> StepResult:
        folder = StepFiles("resolve", tmp_path / f"run-{time.monotonic_ns()}")
        return run_in_process("resolve", flags, {"CANARY_LOG_FORMAT": "json"}, folder, 30)

    return run


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Return what starts a registry, and ends it."""
    state = make_state_dir()
    started = Processes(state)
    yield started
    started.stop_all()
    shutil.rmtree(state)


def test_a_tag_is_resolved_and_follows_when_it_moves(tmp_path: Path, processes: Processes, resolve: Resolve) -> None:
    """By plain http where that is asked for; a multi-arch image's digest is its index's."""
    registry = Distribution(tmp_path, processes)
    name = f"{registry.host}/team/shop"
    first = registry.push_image("team/shop", "v2")
    ended = resolve("--image", f"{name}:v2", "--registry-plain-http")
    assert (0, {"image": f"{name}@{first}", "digest": first}) == (ended.exit_code, ended.results), ended.lines
    index = registry.push_index("team/shop", "v2", first, registry.push_image("team/shop", "", b'{"arch": "arm64"}'))
    ended = resolve("--image", f"{name}:v2", "--registry-plain-http", "--announced-digest", first)
    assert (0, index) == (ended.exit_code, ended.results["digest"])
    [moved] = ended.events("resolve.moved")
    assert (first, index) == (moved["announced"], moved["now"])


def test_a_missing_tag_or_repository_is_reported_at_once(
    tmp_path: Path, processes: Processes, resolve: Resolve
) -> None:
    """Permanent, with empty results; also HTTPS against an HTTP registry."""
    registry = Distribution(tmp_path, processes)
    registry.push_image("team/shop", "v2")
    for image in ("team/shop:v3", "team/till:v2"):
        ended = resolve("--image", f"{registry.host}/{image}", "--registry-plain-http")
        assert (4, {"image": "", "digest": ""}) == (ended.exit_code, ended.results)
        assert f"has no tag {image.partition(':')[2]} of {image.partition(':')[0]} (404" in ended.error
    ended = resolve("--image", f"{registry.host}/team/shop:v2")
    assert (4, True) == (ended.exit_code, "--registry-plain-http" in ended.error), ended.error


def test_a_password_is_taken_from_a_docker_config(tmp_path: Path, processes: Processes, resolve: Resolve) -> None:
    """Without one, and with a wrong one, the step is refused; the password is never shown."""
    registry = Distribution(tmp_path, processes, password=True)
    digest = registry.push_image("team/shop", "v2")
    asked = ("--image", f"{registry.host}/team/shop:v2", "--registry-plain-http")
    ended = resolve(*asked)
    assert (4, True) == (ended.exit_code, "set --registry-config" in ended.error), ended.error
    for password, code in ((PASSWORD, 0), ("wr0ng", 4)):
        ended = resolve(*asked, "--registry-config", str(_config(tmp_path, registry.host, password)))
        assert (code, digest if code == 0 else "") == (ended.exit_code, ended.results["digest"]), ended.lines
        assert password not in json.dumps([ended.lines, ended.results, ended.out])


def test_a_private_ca_is_trusted_if_it_is_named(
    tmp_path: Path, processes: Processes, resolve: Resolve, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only then; a bundle of the environment does not override it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    registry = Distribution(tmp_path, processes, tls=True)
    digest = registry.push_image("team/shop", "v2")
    asked = ("--image", f"{registry.host}/team/shop:v2")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("REQUESTS_CA_BUNDLE", pki.crt("another"))
        ended = resolve(*asked, "--registry-ca-file", str(registry.ca))
    assert (0, digest) == (ended.exit_code, ended.results["digest"]), ended.lines
    ended = resolve(*asked)
    assert (4, True) == (ended.exit_code, "--registry-ca-file" in ended.error), ended.error
    ended = resolve(*asked, "--registry-plain-http")
    assert (4, True) == (ended.exit_code, "do not set --registry-plain-http" in ended.error), ended.error
    ended = resolve(*asked, "--registry-ca-file", str(tmp_path / "missing"))
    assert (4, True) == (ended.exit_code, "cannot be read" in ended.error), ended.error


def test_a_registry_that_comes_back_is_waited_for(tmp_path: Path, processes: Processes, resolve: Resolve) -> None:
    """While it is down the step asks again, until its deadline: then 3, the caller may try later."""
    registry = Distribution(tmp_path, processes)
    digest = registry.push_image("team/shop", "v2")
    asked = ("--image", f"{registry.host}/team/shop:v2", "--registry-plain-http")
    processes.stop_all()
    ended = resolve(*asked, "--registry-deadline-seconds", "0.5")
    assert (3, "temporary") == (ended.exit_code, ended.code)
    assert "refuses connections" in ended.error
    config = docker_registry.configuration(tmp_path, registry.host)
    again = threading.Timer(1.0, processes.start, ("registry", docker_registry.command(docker_registry.find(), config)))
    again.start()
    ended = resolve(*asked)
    again.join()
    assert (0, digest) == (ended.exit_code, ended.results["digest"]), ended.lines
    assert ended.events("registry.retrying")


def test_a_token_is_fetched_with_the_password_which_the_registry_never_sees(tmp_path: Path, resolve: Resolve) -> None:
    """Asked without, sent to the token service, asked with the token."""
    with token_registry() as (host, seen):
        config = str(_config(tmp_path, host, PASSWORD))
        ended = resolve("--image", f"{host}/team/shop:v2", "--registry-plain-http", "--registry-config", config)
        assert (0, f"sha256:{'a' * 64}") == (ended.exit_code, ended.results["digest"]), ended.lines
        manifest, token = "/v2/team/shop/manifests/v2", "/token?service=lab&scope=repository%3Ateam%2Fshop%3Apull"
        assert [(manifest, ""), (manifest, "Bearer t0ken")] == [one for one in seen if one[0] == manifest]
        assert [token] == [path for path, _ in seen if path != manifest]
        ended = resolve("--image", f"{host}/team/shop:v2", "--registry-plain-http")
        assert (4, True) == (ended.exit_code, "the token service localhost does not let anonymous" in ended.error)


def test_a_digest_is_answered_without_the_registry(resolve: Resolve) -> None:
    """No server listens at that address."""
    digest = f"sha256:{'b' * 64}"
    ended = resolve("--image", f"localhost:1/team/shop:v2@{digest}")
    assert (0, f"localhost:1/team/shop@{digest}") == (ended.exit_code, ended.results["image"])


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (("--image", "Shop:v2"), "--image"),
        (("--image", "shop:$(reboot)"), "is not a tag"),
        ((), "--image (or CANARY_IMAGE) is required"),
        (("--image", "shop:v2", "--announced-digest", "sha256:abc"), "--announced-digest"),
        (("--image", "shop:v2", "--registry-config", "/nowhere/config.json"), "/nowhere/config.json"),
        (("--image", "shop:v2", "--registry-timeout-seconds", "0"), "--registry-timeout-seconds"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_asked(resolve: Resolve, flags: tuple[str, ...], part: str) -> None:
    """Exit 2 with the setting and the value."""
    ended = resolve(*flags)
    assert (2, True) == (ended.exit_code, part in ended.error), ended.error


def _config(folder: Path, host: str, password: str) -> Path:
    entry = base64.b64encode(f"{USER}:{password}".encode()).decode()
    path = folder / "config.json"
    path.write_text(json.dumps({"auths": {host: {"auth": entry}}}))
    return path
