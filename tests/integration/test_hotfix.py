"""Hotfix on real Envoy and Prometheus: only a broken stable is replaced, and without a comparison with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load.records import View
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE
from tests.support.step_run import Json, RunningStep, StepResult

pytestmark = pytest.mark.integration

RATE = 25.0
HOTFIX = ("--hotfix", "--reason", "checkout fails", "--hotfix-min-seconds", "4")
GOOD, BAD = "v2", "bad"


@dataclass(frozen=True)
class HotfixCase:
    """What stable does, which version is the hotfix, and how it must end.

    Args:
        stable: share of stable's requests that fail, 0-1.
        image: tag of the hotfix.
        exit_code: of rollout.
        serves: tag of the version that stable runs in the end.
        has_pods: whether stable's pods are ready.
        rate: requests of users in a second.
        env: more settings.
    """

    stable: float
    image: str
    exit_code: int
    serves: str
    has_pods: bool = True
    rate: float = RATE
    env: dict[str, str] = field(default_factory=dict)


PROBES = "probes: [{name: front, path: /}]\nprobe-interval-seconds: 1\n"
CASES = {
    "hot-good": HotfixCase(0.3, GOOD, 0, GOOD),
    "hot-bad": HotfixCase(0.3, BAD, 5, "v1"),
    "hot-fine": HotfixCase(0.0, GOOD, 4, "v1"),
    "hot-down": HotfixCase(1.0, GOOD, 0, GOOD, has_pods=False),
    "hot-quiet": HotfixCase(1.0, GOOD, 0, GOOD, has_pods=False, rate=0.2, env={"probes": PROBES}),
}

USUAL = ("hot-good", "hot-bad", "hot-down")
RARER = ("hot-fine", "hot-quiet")


@dataclass(frozen=True)
class Released:
    """How a case ended: the step, the version that serves now, its users, and when the step began."""

    ended: StepResult
    app: LabApp
    users: View
    began: float


@pytest.fixture(scope="module")
def released(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Released]]:
    """Release the usual hotfixes at once, since each of them mostly waits."""
    with ExitStack() as stack:
        yield _release_all(shared_lab, USUAL, tmp_path_factory.mktemp("hotfix"), stack)


@pytest.fixture(scope="module")
def rarer(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Released]]:
    """Release the others at once."""
    with ExitStack() as stack:
        yield _release_all(shared_lab, RARER, tmp_path_factory.mktemp("rarer"), stack)


def _release_all(lab: EmbeddedLab, names: Sequence[str], folder: Path, stack: ExitStack) -> dict[str, Released]:
    apps = {name: _deployed(lab, name, folder, stack) for name in names}
    loads = {name: stack.enter_context(app.users(CASES[name].rate)) for name, app in apps.items()}
    for name, app in apps.items():
        if CASES[name].has_pods:
            lab.wait_for(_has_met_it(app, CASES[name]), what=f"requests of {name}")
    running = {name: (_started(app, CASES[name], folder), time.time()) for name, app in apps.items()}
    return {
        name: Released(step.wait(120), apps[name], loads[name].view(), began) for name, (step, began) in running.items()
    }


def _deployed(lab: EmbeddedLab, name: str, folder: Path, stack: ExitStack) -> LabApp:
    app = LabApp(lab, name, folder)
    app.push(GOOD)
    app.push(BAD, error_ratio=0.6)
    lab.deploy_app(
        name, app.push("v1", error_ratio=CASES[name].stable, ready=CASES[name].has_pods), replicas=1, wait=False
    )
    stack.callback(app.remove)
    return app


def _has_met_it(app: LabApp, case: HotfixCase) -> Callable[[], bool]:
    code = "500" if case.stable else "200"
    series = f'sum(istio_requests_total{{destination_workload="{app.name}",response_code="{code}"}})'
    return lambda: any(float(one["value"][1]) > RATE for one in app.lab.query(series))


def _started(app: LabApp, case: HotfixCase, folder: Path) -> RunningStep:
    env = {}
    if "probes" in case.env:
        (file := folder / f"{app.name}.yaml").write_text(case.env["probes"])
        env["CANARY_CONFIG"] = str(file)
    return app.start("rollout", "--image", app.image(case.image), *HOTFIX, **env)


@pytest.mark.parametrize("name", USUAL)
def test_a_hotfix_ends_as_its_users_need(name: str, released: dict[str, Released]) -> None:
    """Good ones serve, whatever stable does; a bad one goes back."""
    check_end(released[name], CASES[name])


@pytest.mark.full
@pytest.mark.parametrize("name", RARER)
def test_a_rarer_hotfix_ends_as_its_users_need(name: str, rarer: dict[str, Released]) -> None:
    """A stable that keeps its objectives refuses one; probes pass one without requests."""
    check_end(rarer[name], CASES[name])


def check_end(found: Released, case: HotfixCase) -> None:
    """Check exit code, the version that serves, and that nothing of the run is left."""
    assert case.exit_code == found.ended.exit_code, found.ended.lines
    assert found.app.image(case.serves) == found.app.running_image()
    assert ((100, 0), "") == (found.app.weights(), found.app.claim())


@pytest.mark.full
def test_the_refusal_has_numbers_and_the_flag(rarer: dict[str, Released]) -> None:
    """As Prometheus counted them."""
    ended = rarer["hot-fine"].ended
    assert "of stable's requests in the last" in ended.error
    assert "at most 1.0 % by --success-slo" in ended.error
    assert "--force" in ended.error


def test_users_of_a_good_hotfix_meet_no_failure_of_it(released: dict[str, Released]) -> None:
    """And after its promotion none at all."""
    found = released["hot-good"]
    assert 0 == found.users.failed("v2")
    assert "healthy as a hotfix" in found.ended.results["reason"]
    assert [25, 100] == _weights(found.ended)


def test_a_stable_without_pods_gets_the_hotfix_at_once(released: dict[str, Released]) -> None:
    """Without a first weight, since nobody else can answer."""
    assert [100] == _weights(released["hot-down"].ended)


@pytest.mark.full
def test_probes_pass_a_hotfix_that_has_hardly_any_requests(rarer: dict[str, Released]) -> None:
    """Users that come once in five seconds need not wait for a hundred of them."""
    assert "by its probes alone: front passed" in rarer["hot-quiet"].ended.results["reason"]


def _weights(ended: StepResult) -> list[int]:
    found = [int(one["weight"]) for one in ended.events("weight.set")]
    return found[: found.index(max(found)) + 1]


def _expired(item: Json) -> Json:
    key = next(one for one in item["metadata"]["annotations"] if one.startswith("canary-steps.io/run."))
    state = {**json.loads(item["metadata"]["annotations"][key]), "expires": 1.0}
    item["metadata"]["annotations"][key] = json.dumps(state)
    return item


@pytest.mark.full
def test_a_killed_hotfix_is_swept(shared_lab: EmbeddedLab, tmp_path: Path) -> None:
    """Its users go back to a stable that is ready, broken as it is."""
    app = LabApp(shared_lab, "hot-killed", tmp_path)
    app.push(GOOD)
    shared_lab.deploy_app("hot-killed", app.push("v1"), replicas=1)
    with app.users(RATE):
        app.wait_until_known()
        running = app.start("rollout", "--image", app.image(GOOD), *HOTFIX, "--force")
        running.wait_for_event("weight.set")
        running.stop()
        app.change(VIRTUAL_SERVICE, _expired)
        swept = app.run("sweep", "--drain-seconds", "0")
    assert 0 == swept.exit_code, swept.lines
    assert (app.image("v1"), (100, 0), "") == (app.running_image(), app.weights(), app.claim())
    app.remove()
