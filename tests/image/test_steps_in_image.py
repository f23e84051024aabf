"""Whole steps in the image, against the embedded lab's API server, gateway and Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steps.__main__ import find
from steps.outputs.results import variable_name
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.containers import HARDENED, Container, ContainerResult
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

pytestmark = pytest.mark.image


@pytest.fixture(scope="module")
def lab(image: str) -> Iterator[EmbeddedLab]:
    """Return a lab in which the app `shop` serves, and a canary that fails everything waits at weight 0."""
    with EmbeddedLab() as lab:
        lab.registry.push("demo/shop:v1")
        lab.registry.push("demo/shop:v2", error_ratio=1.0)
        lab.deploy_app()
        lab.deploy_canary()
        lab.wait_until_rolled_out("shop-canary")
        yield lab


class Steps:
    """Steps of `shop`'s release in containers; results go to a folder that any user may write to."""

    def __init__(self, image: str, lab: EmbeddedLab, folder: Path) -> None:
        self._image, self._lab, self._folder = image, lab, folder
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_bytes(lab.kubeconfig.read_bytes())
        kubeconfig.chmod(0o644)
        self._results = folder / "results"
        self._results.mkdir()
        self._results.chmod(0o777)

    def start(self, step: str, *flags: str) -> Container:
        """Return a container that runs a step."""
        told = {
            "CANARY_APP": "shop",
            "CANARY_KUBECONFIG": "/etc/lab/kubeconfig",
            "CANARY_PROMETHEUS_URL": self._lab.prometheus_url,
            **{variable_name(name): f"/results/{name}" for name in find(step).results},
        }
        mounts = {self._folder / "kubeconfig": "/etc/lab/kubeconfig", self._results: "/results:rw"}
        options: dict[str, Any] = {"user": "1000650000:0", **HARDENED}
        return Container(self._image, step, *flags, environment=told, mounts=mounts, **options)

    def run(self, step: str, *flags: str) -> ContainerResult:
        """Run a step to its end."""
        with self.start(step, *flags) as container:
            return container.wait()

    def result(self, name: str) -> str:
        """Return what a step wrote."""
        return (self._results / name).read_text()

    def weights(self) -> list[int]:
        """Return the weights of the route, stable's first."""
        [route] = self._lab.api.store.get(VIRTUAL_SERVICE, self._lab.namespace, "shop")["spec"]["http"]
        return [destination["weight"] for destination in route["route"]]


@pytest.fixture
def steps(image: str, lab: EmbeddedLab, tmp_path: Path) -> Steps:
    """Return the steps, hardened and run as a user without a name."""
    return Steps(image, lab, tmp_path)


def test_a_weight_is_set_and_a_canary_judged(steps: Steps, lab: EmbeddedLab) -> None:
    """The two steps of a rung: users meet the canary, and its failures are found."""
    with lab.load(40):
        ended = steps.run("set-weight", "--weight", "50")
        assert (0, "50", [50, 50]) == (ended.exit_code, steps.result("weight"), steps.weights()), ended.err
        ended = steps.run("analyze", "--timeout-seconds", "60")
        assert (5, "fail") == (ended.exit_code, steps.result("verdict")), ended.err
        ended = steps.run("set-weight", "--weight", "0")
        assert (0, [100, 0]) == (ended.exit_code, steps.weights()), ended.err


def test_a_termination_reaches_the_step(steps: Steps) -> None:
    """The step is the first process, which has no default signal handler: it ends at once, with 3."""
    with steps.start("analyze", "--timeout-seconds", "600") as container:
        deadline = time.monotonic() + 20
        while "names.guessed" not in container.log():
            assert time.monotonic() < deadline, container.log()
            time.sleep(0.1)
        asked = time.monotonic()
        container.terminate()
        ended = container.wait()
    assert (3, True) == (ended.exit_code, time.monotonic() - asked < 5), ended.err
