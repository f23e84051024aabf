"""render refuses what it cannot render, and prints nothing then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from steps.__main__ import main


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the signal handlers of the test run, and use no configuration from outside the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ([], "--engine (or CANARY_ENGINE) is required"),
        (["argo"], "--engine = 'argo': input should be 'tekton'"),
        (["tekton", "--ladder=50,5"], "--ladder = '50,5': must ascend"),
        (["tekton", "--gate", "--one-pod"], "--gate and --one-pod exclude each other"),
        (["tekton", "--document=run"], "--app (or CANARY_APP) is required for --document run"),
        (["tekton", "--document=run", "--app=Shop"], "--app = 'Shop': must be a Kubernetes name"),
        (["tekton", "--document=run", "--app=shop", '--image=a"b'], "--image = 'a\"b': must match"),
    ],
)
def test_impossible_requests_are_refused_with_2(
    flags: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the flag, its value and the allowed values; standard output stays empty for a pipe."""
    assert 2 == main(["render", *flags])
    shown = capsys.readouterr()
    assert ("", True) == (shown.out, sentence in json.loads(shown.err.splitlines()[-1])["error"])


def test_the_ladder_of_canary_yaml_is_rendered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order in which rollout would use it; settings of other steps in the file are allowed."""
    config = tmp_path / "canary.yaml"
    config.write_text("app: shop\nladder: [1, 99]\nsuccess-slo: 0.99\n", encoding="utf-8")
    assert 0 == main(["render", "tekton", f"--config={config}", "--document=run"])
    run = yaml.safe_load(capsys.readouterr().out)
    assert "canary-release-shop-" == run["metadata"]["generateName"]
    names = [one["pipelineTaskName"] for one in run["spec"]["taskRunSpecs"]]
    assert ["prepare", "set-weight-1", "analyze-1", "set-weight-99", "analyze-99", "promote", "finish"] == names
