"""`--dry-run` of every writing step says what would be written, sends no write, and waits for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration

VIRTUAL_SERVICE, STABLE, CANARY = "VirtualService demo/dry", "Deployment demo/dry", "Deployment demo/dry-canary"


@pytest.fixture(scope="module")
def fresh(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> LabApp:
    """Return an app without a run."""
    return deploy_to(shared_lab, "dry", tmp_path_factory.mktemp("dry"))


@pytest.fixture(scope="module")
def claimed(fresh: LabApp) -> LabApp:
    """Return the same app with a canary at weight 10."""
    fresh.prepared()
    assert 0 == fresh.run("set-weight", "--run", "one", "--weight", "10").exit_code
    return fresh


def rehearsed(app: LabApp, step: str, *flags: str) -> StepResult:
    """Run a step with --dry-run, and make sure that it wrote nothing."""
    app.mark()
    ended = app.run(step, *flags, "--dry-run", timeout_seconds=20)
    assert [] == [(call.verb, call.path) for call in app.writes()]
    written = [f"{line['verb']} {line['kind']} demo/{line['name']}" for line in ended.events("dry_run.write")]
    assert (True, written) == (ended.closing.get("dry_run"), ended.closing.get("would_write")), ended.lines
    return ended


def test_prepare_says_what_it_would_make(fresh: LabApp) -> None:
    """The claim, the canary and its pods, in order; it is ready at once, as nothing is waited for."""
    ended = rehearsed(fresh, "prepare", "--image", fresh.image("v2"))
    assert (0, "ready") == (ended.exit_code, ended.results["outcome"])
    would = ended.closing["would_write"]
    assert f"patch {VIRTUAL_SERVICE}" == would[0]
    assert [f"create {CANARY}"] == [line for line in would if line.startswith("create")]
    assert {VIRTUAL_SERVICE, STABLE, CANARY} == {line.partition(" ")[2] for line in would}
    assert "" == fresh.claim()


def test_a_rehearsed_prepare_refuses_what_prepare_refuses(fresh: LabApp) -> None:
    """All checks are made."""
    ended = fresh.run("prepare", "--image", fresh.image("v2"), "--container", "nosuch", "--dry-run")
    assert 4 == ended.exit_code
    assert [] == ended.events("dry_run.write")


def test_a_rehearsed_rollout_plans_every_rung(fresh: LabApp) -> None:
    """Every rung, the promote and the end are planned; it does not wait for traffic that cannot come."""
    ended = rehearsed(fresh, "rollout", "--image", fresh.image("v2"), "--ladder", "10,50")
    assert (0, "dry-run", "") == (ended.exit_code, ended.results["outcome"], ended.results["verdict"])
    assert [10, 50] == [line["weight"] for line in ended.events("dry_run.rung")]
    would = ended.closing["would_write"]
    assert f"patch {VIRTUAL_SERVICE}" == would[-1]
    template = [entry["path"] for line in ended.events("dry_run.write") for entry in line["body"] if "path" in entry]
    assert "/spec/template" in template
    assert ((100, 0), "v1") == (
        fresh.weights(),
        fresh.deployment()["spec"]["template"]["spec"]["containers"][0]["image"][-2:],
    )


@pytest.mark.parametrize(
    ("step", "flags", "expected"),
    [
        ("set-weight", ["--weight", "30"], {"weight": "30", "previous-weight": "10", "observed": ""}),
        ("promote", ["--unjudged", "on paper"], {"outcome": "promoted", "verdict": "", "reason": ""}),
        ("rollback", [], {"outcome": "rolled-back"}),
    ],
)
def test_a_step_of_a_run_is_rehearsed(claimed: LabApp, step: str, flags: list[str], expected: dict[str, str]) -> None:
    """Results are those that the step would give; the VirtualService is named."""
    ended = rehearsed(claimed, step, "--run", "one", *flags)
    assert (0, expected) == (ended.exit_code, ended.results)
    assert f"patch {VIRTUAL_SERVICE}" in ended.closing["would_write"]
    assert ((90, 10), "one:1:walking") == (claimed.weights(), claimed.claim())


def test_a_rehearsed_promote_without_a_pass_is_refused(claimed: LabApp) -> None:
    """A rehearsal says what the step would say."""
    ended = claimed.run("promote", "--dry-run", "--run", "one")
    assert 4 == ended.exit_code
    assert "weight 10 has no verdict since it was set at " in ended.error


def test_a_rehearsed_analyze_reads_once(claimed: LabApp) -> None:
    """Whatever its timeout is, and although it would set a weight first."""
    ended = rehearsed(claimed, "analyze", "--run", "one", "--weight", "30", "--timeout-seconds", "3600")
    assert (6, "inconclusive") == (ended.exit_code, ended.results["verdict"])
    assert 1 == len(ended.events("judge.looked"))
    assert f"patch {VIRTUAL_SERVICE}" in ended.closing["would_write"]


def test_a_rollback_of_a_stranger_plans_nothing(claimed: LabApp, tmp_path: Path) -> None:
    """Without a claim it succeeds, in a rehearsal too."""
    ended = rehearsed(claimed, "rollback", "--run", "two")
    assert (0, "not-owner", []) == (ended.exit_code, ended.results["outcome"], ended.closing["would_write"])
