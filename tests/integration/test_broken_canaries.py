"""Broken canaries of many kinds, released on real Envoy and Prometheus side by side: none of them is promoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.releases import release
from tests.support.kubernetes_api.kinds import SERVICE
from tests.support.step_run import Json, StepResult

pytestmark = pytest.mark.integration

RATE = 20.0
GRPC = {"content-type": "application/grpc"}


@dataclass(frozen=True)
class ReleaseCase:
    """One release: what the canary is, how users ask, and how the release must end.

    Args:
        version: name of the canary's version.
        exit_code: of rollout.
        saying: part of the reason.
        stable: name of the version that serves.
        ladder: of the release.
        flags: more flags of rollout.
        headers: of the users' requests.
        paths: of the users' requests, in turn.
        canary_port: targetPort of the canary's Service in place of the right one, once the canary has its weight.
    """

    version: str
    exit_code: int
    saying: str
    stable: str = "v1"
    ladder: str = "20,50"
    flags: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ("/",)
    canary_port: str = ""


FAIL, INCONCLUSIVE, PASS = 5, 6, 0
RELEASES = {
    "not-found": ReleaseCase("404", FAIL, "answered 4xx"),
    "unauthorized": ReleaseCase("401", FAIL, "answered 4xx"),
    "redirected": ReleaseCase("302", FAIL, "answered 3xx"),
    "some-pages": ReleaseCase("missing-pages", FAIL, "answered 4xx", paths=("/", "/orders", "/account", "/news")),
    "unauthenticated": ReleaseCase("grpc-16", FAIL, "gRPC", headers=GRPC),
    "not-found-grpc": ReleaseCase("grpc-5", FAIL, "gRPC", headers=GRPC),
    "no-endpoints": ReleaseCase("v2", FAIL, "canary", canary_port="web"),
    "alone-errors": ReleaseCase("errors", FAIL, "failed", ladder="100"),
    "alone-not-found": ReleaseCase("404", FAIL, "weight 100", ladder="100"),
    "alone-good": ReleaseCase("v2", PASS, "healthy", ladder="100"),
    "a-fix": ReleaseCase("v2", PASS, "better", stable="errors"),
    "a-fix-without-slo": ReleaseCase("v2", PASS, "better", stable="errors", flags=("--success-slo", "0")),
}


@dataclass(frozen=True)
class Outcome:
    """How a case ended: the step, the version that serves now, and the weights."""

    ended: StepResult
    image: str
    weights: tuple[int, ...]


@pytest.fixture(scope="module")
def outcomes(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """Release all cases at once, since each of them mostly waits."""
    folder = tmp_path_factory.mktemp("broken")
    with ExitStack() as stack:
        apps = {name: _deployed(shared_lab, name, case, folder, stack) for name, case in RELEASES.items()}
        for name, case in RELEASES.items():
            shared_lab.wait_until_rolled_out(name)
            load = shared_lab.load(RATE, name, paths=case.paths, headers=case.headers)
            stack.enter_context(load)
        for app in apps.values():
            shared_lab.wait_for(_has_past(shared_lab, app), what=f"a past of {app.name}")
        running = {
            name: app.start(
                "rollout", "--image", app.image("new"), "--timeout-seconds", "60", "--min-seconds", "6",
                "--ladder", RELEASES[name].ladder, *RELEASES[name].flags,
            )
            for name, app in apps.items()
        }  # fmt: skip
        for name, app in apps.items():
            if RELEASES[name].canary_port:
                running[name].wait_for_event("weight.set", timeout_seconds=120)
                _break_endpoints(app, RELEASES[name].canary_port)
        yield {
            name: Outcome(one.wait(180), apps[name].running_image(), apps[name].weights())
            for name, one in running.items()
        }


def _deployed(lab: EmbeddedLab, name: str, case: ReleaseCase, folder: Path, stack: ExitStack) -> LabApp:
    app = LabApp(lab, name, folder)
    lab.registry.push(app.image("old"), version="old", **release(case.stable))
    lab.registry.push(app.image("new"), version="new", **release(case.version))
    lab.deploy_app(name, app.image("old"), replicas=1, wait=False)
    stack.callback(app.remove)
    return app


def _has_past(lab: EmbeddedLab, app: LabApp) -> Callable[[], bool]:
    series = f'sum(istio_requests_total{{destination_workload="{app.name}"}})'
    return lambda: any(float(one["value"][1]) > 10 * RATE for one in lab.query(series))


def _break_endpoints(app: LabApp, port: str) -> None:
    def change(item: Json) -> Json:
        item["spec"]["ports"][0]["targetPort"] = port
        return item

    app.change(SERVICE, change, app.canary)


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_ends_as_its_users_need(name: str, outcomes: dict[str, Outcome]) -> None:
    """Broken ones are rolled back with a reason that names what users saw; a fix of a broken version is promoted."""
    case, found = RELEASES[name], outcomes[name]
    assert case.exit_code == found.ended.exit_code, found.ended.lines
    assert case.saying in found.ended.results["reason"], found.ended.results["reason"]
    served = "new" if case.exit_code == PASS else "old"
    assert (f"demo/{name}:{served}", (100, 0)) == (found.image, found.weights)
