"""Every file that a setting names is written by one function, so every unwritable place gets the same error."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from steps import probe
from steps.__main__ import main
from steps.outputs import results
from steps.probing.probe import Endpoint, Probe
from steps.probing.prober import ArmEndpoints, Prober
from tests.unit.replay.test_replay import recorded

ROOT = Path(__file__).parents[3] / "steps"
WRITERS = {"outputs/files.py", "outputs/progress.py", "outputs/results.py", "evidence/recording.py"}
"""Recordings and progress are written again and again, and results have names of their own: each has its error."""


def test_a_replay_that_cannot_be_written_ends_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a report does, with the flag to change, and without a traceback."""
    recording = tmp_path / "run.jsonl"
    recorded(recording)
    assert 4 == main(["replay", str(recording), f"--output={recording}/replay.txt", "--log-format=json"])
    log = capsys.readouterr().err
    assert "Point --output at a writable place" in log
    assert "Traceback" not in log


def test_a_replay_creates_the_folder_of_its_file(tmp_path: Path) -> None:
    """As a report does."""
    recording, output = tmp_path / "run.jsonl", tmp_path / "folder" / "replay.txt"
    recorded(recording)
    assert 0 == main(["replay", str(recording), f"--output={output}"])
    assert "verdict" in output.read_text()


def test_only_the_writers_write_files() -> None:
    """A step that wrote a file by hand would end with a traceback where the place cannot be written."""
    found = set()
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                if name in {"write_text", "write_bytes", "open"}:
                    found.add(str(file.relative_to(ROOT)))
    assert WRITERS == found


def test_the_reason_of_a_probe_fits_into_the_results() -> None:
    """A pod's answer may repeat a long text in a script of several bytes per letter."""
    pods = ArmEndpoints((Endpoint("shop-canary-a"),), (Endpoint("shop-a"),))
    prober = Prober(
        [Probe("checkout")], lambda: pods, 0.01, lambda _, pod: "проба " * 200 if "canary" in pod.name else ""
    )
    end = probe.run(probe.Settings.model_validate({"app": "shop"}), prober)
    assert 5 == end.exit_code
    assert end.results["reason"].endswith("...")
    assert results.SENTENCE_BYTES >= len(end.results["reason"].encode())
