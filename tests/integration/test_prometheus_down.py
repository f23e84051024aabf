"""Prometheus dies during a run: the result is inconclusive, never a pass, and the policy decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration
PATIENT = ("--min-seconds", "60", "--timeout-seconds", "8")
"""Nothing passes within the deadline of the rung."""


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab of its own, since the test kills its Prometheus."""
    with EmbeddedLab() as lab:
        yield lab


@pytest.fixture(scope="module")
def killed(lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[LabApp, StepResult]]:
    """Return how a default rollout and an analysis with the policy `pass` end if Prometheus dies meanwhile."""
    folder = tmp_path_factory.mktemp("killed")
    default, policy = (deploy_to(lab, name, folder) for name in ("default", "policy"))
    policy.prepared("one")
    with default.users(30), policy.users(30):
        steps = {
            default: default.start("rollout", "--image", default.image("v2"), "--ladder", "20", *PATIENT),
            policy: policy.start("analyze", "--run=one", "--weight=20", "--on-inconclusive=pass", *PATIENT),
        }
        for step in steps.values():
            step.wait_for_event("judge.looked")
        lab.prometheus.kill()
        return {app.name: (app, step.wait()) for app, step in steps.items()}


def test_by_default_the_release_is_rolled_back(killed: dict[str, tuple[LabApp, StepResult]]) -> None:
    """Exit 6 with the reason; the retreat needs no Prometheus."""
    app, ended = killed["default"]
    found = (ended.exit_code, ended.results["verdict"], ended.results["outcome"])
    assert (6, "inconclusive", "rolled-back") == found, ended.lines
    assert f"Prometheus at {app.lab.prometheus_url} refuses connections" in ended.results["reason"]
    assert ((100, 0), "", app.image("v1")) == (app.weights(), app.claim(), app.running_image())


def test_by_policy_it_passes_and_says_so(killed: dict[str, tuple[LabApp, StepResult]]) -> None:
    """The user asked for `pass`; the reason says that nothing was proven."""
    app, ended = killed["policy"]
    assert (0, "pass") == (ended.exit_code, ended.results["verdict"]), ended.lines
    assert ended.results["reason"].startswith("passed by policy, inconclusive: Prometheus at ")
    assert (80, 20) == app.weights()


def test_by_policy_a_gate_waits_for_approval(killed: dict[str, tuple[LabApp, StepResult]]) -> None:
    """`pause`: the weight is held and judged for the same time again, then inconclusive unless a user approves."""
    app, _ = killed["policy"]
    pause = ("--run=one", "--on-inconclusive=pause")
    ended = app.run("analyze", *pause, "--timeout-seconds=1")
    assert (6, "inconclusive", 1) == (
        ended.exit_code,
        ended.results["verdict"],
        len(ended.events("gate.holding")),
    ), ended.lines
    gate = app.start("analyze", *pause, "--timeout-seconds=1", "--poll-seconds=0.3")
    gate.wait_for_event("gate.holding", "Prometheus at")
    app.approve("one")
    ended = gate.wait()
    assert (0, "pass") == (ended.exit_code, ended.results["verdict"]), ended.lines
    assert ended.results["reason"].startswith("approved by hand; Prometheus at ")
    assert (80, 20) == app.weights()


def test_a_prometheus_that_returns_in_time_is_used_again(lab: EmbeddedLab, tmp_path: Path) -> None:
    """A restart is not a reason to roll back."""
    lab.prometheus.start()
    lab.wait_for(lambda: lab.query('up{job="istio-ingressgateway"} == 1'), what="Prometheus")
    app = deploy_to(lab, "again", tmp_path)
    app.prepared("one")
    with app.users(40):
        analysis = app.start("analyze", "--run", "one", "--weight", "30", "--timeout-seconds", "40")
        app.lab.prometheus.kill()
        analysis.wait_for_event("judge.looked", "refuses connections")
        app.lab.prometheus.start()
        ended = analysis.wait()
    assert (0, "pass") == (ended.exit_code, ended.results["verdict"]), ended.lines
    assert "Prometheus" not in ended.results["reason"]
