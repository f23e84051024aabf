"""Callers with a deadline of their own: a release that ends in time, and a rollback that prevents nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.__main__ import main
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


def test_a_release_that_is_undecided_at_its_deadline_is_rolled_back(tmp_path: Path) -> None:
    """Although its rung might still wait for ten minutes."""
    world = SteppedCluster(tmp_path)
    end = StepProcess(world).rollout(FixedEvidence(0.0), min_seconds=500, deadline_seconds=0.001)
    assert (6, "rolled-back") == (end.exit_code, end.results["outcome"])
    assert {(100, 0)} == world.weights()


def test_a_release_that_is_in_time_is_promoted(tmp_path: Path) -> None:
    """The deadline itself changes nothing."""
    end = StepProcess(SteppedCluster(tmp_path)).rollout(FixedEvidence(0.0), deadline_seconds=300)
    assert (0, "promoted") == (end.exit_code, end.results["outcome"])


@pytest.mark.parametrize(("flag", "code"), [("--best-effort", 0), ("--no-best-effort", 3)])
def test_a_rollback_with_best_effort_prevents_nothing(
    flag: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The API server does not answer; an uninstall goes on, and the log says why."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(_UNREACHABLE, encoding="utf-8")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    flags = ["--app=shop", "--namespace=shop", f"--kubeconfig={kubeconfig}", "--any-run", "--api-retry-seconds=0", flag]
    assert code == main(["rollback", *flags])
    assert ("rollback.failed" in capsys.readouterr().err) == (flag == "--best-effort")


_UNREACHABLE = """\
apiVersion: v1
kind: Config
current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
clusters: [{name: x, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: x, user: {token: x}}]
"""
