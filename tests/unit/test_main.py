"""The edge of the program: help, exit codes, result files and log lines, whatever happens."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steps.__main__ import STEPS, find, main
from steps.errors import NotOwnerError, PermanentError, SettingsError, StepError, TemporaryError
from steps.outputs.results import LIMIT_BYTES, variable_name
from steps.step import Step, StepEnd

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep files of the surroundings away, and our signal handlers from the test run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("signal.signal", lambda *_: None)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Ask for all results of all steps in a folder, which is returned."""
    folder = tmp_path / "results"
    for name in {name for step in STEPS for name in find(step).results}:
        monkeypatch.setenv(variable_name(name), str(folder / name))
    return folder


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[Json]:
    """Return the log, and make sure that each line is one JSON object and nothing went to standard output."""
    captured = capsys.readouterr()
    assert "" == captured.out
    return [json.loads(line) for line in captured.err.splitlines()]


@pytest.mark.parametrize("step", STEPS)
def test_help_names_every_setting(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its flag, with its description; exit 0 and nothing else happens."""
    assert 0 == main([step, "--help"])
    shown = capsys.readouterr().out
    flags = [f"--{name.replace('_', '-')}" for name in find(step).settings.model_fields]
    assert [] == [flag for flag in flags if flag not in shown]
    words = " ".join(shown.split())
    described = [" ".join(str(field.description).split()) for field in find(step).settings.model_fields.values()]
    assert [] == [text for text in described if text.split(".")[0][:40] not in words]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_all_steps(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A person who types nothing sees what there is."""
    assert 0 == main(arguments)
    shown = capsys.readouterr().out
    assert [] == [step for step in STEPS if step not in shown]


def test_an_unknown_step_is_a_bad_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """With the steps there are."""
    assert 2 == main(["rolout"])
    assert "no step 'rolout'; the steps are prepare, set-weight" in capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert 0 == main(["--version"])
    assert capsys.readouterr().out.startswith("canary-steps 0.")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("flags", [[], ["--nosuch=1"], ["--app=Shop"]])
def test_bad_settings_end_with_2_and_all_results(
    step: str, flags: list[str], results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workflow that reads a missing result would fail for another reason than the true one."""
    assert 2 == main([step, *flags])
    lines = log_lines(capsys)
    assert ["step.failed"] == [line["event"] for line in lines]
    assert (2, step) == (lines[0]["exit_code"], lines[0]["step"])
    assert_written(find(step).results, results, lines[0]["error"])


def assert_written(declared: tuple[str, ...], folder: Path, error: str) -> None:
    """Check that all declared results are there, small, and that the reason says why."""
    found = {path.name: path.read_bytes() for path in folder.glob("*")}
    assert set(declared) == set(found)
    assert LIMIT_BYTES >= sum(map(len, found.values()))
    assert [] == [name for name, value in found.items() if value.endswith(b"\n")]
    if "reason" in found:
        assert error.startswith(found["reason"].decode().removesuffix("..."))


def step_that(ends: StepEnd | BaseException) -> Step:
    """Return a step that ends in one way."""

    def body(settings: object) -> StepEnd:
        if isinstance(ends, BaseException):
            raise ends
        return ends

    return Step(find("report").settings, ("outcome", "reason"), body)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (SettingsError("a", "b"), 2),
        (TemporaryError("a", "b"), 3),
        (PermanentError("a", "b"), 4),
        (NotOwnerError("a", "b"), 7),
        (KeyError("defect"), 1),
        (RecursionError("defect"), 1),
    ],
)
def test_every_end_has_its_exit_code_one_closing_line_and_all_results(
    error: Exception, exit_code: int, results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a defect of ours, which alone shows a traceback."""
    monkeypatch.setattr("steps.__main__.find", lambda _: step_that(error))
    assert exit_code == main(["report", "--app=shop"])
    lines = log_lines(capsys)
    assert ["step.failed"] == [line["event"] for line in lines if line["event"] != "step.crashed"]
    assert (exit_code, True) == (lines[-1]["exit_code"], lines[-1]["duration_seconds"] >= 0)
    assert isinstance(error, StepError) == ("exception" not in lines[0])
    assert_written(("outcome", "reason"), results, lines[-1]["error"])


@pytest.fixture
def lost(results: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let one result be unwritable, the outcome; return the folder of the others."""
    results.mkdir()
    (results / "file").touch()
    monkeypatch.setenv("RESULT_OUTCOME", str(results / "file" / "outcome"))
    return results


def test_results_that_cannot_be_written_end_a_good_step_with_4(
    lost: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next step would go on with nothing; the variable is named, and the log and the other files have the rest."""
    end = StepEnd({"outcome": "ready", "reason": "all is well"})
    monkeypatch.setattr("steps.__main__.find", lambda _: step_that(end))
    assert 4 == main(["report", "--app=shop"])
    lines = log_lines(capsys)
    assert ["results.lost", "step.failed"] == [line["event"] for line in lines]
    assert "RESULT_OUTCOME" in lines[-1]["error"]
    assert ("ready", "all is well") == (lines[-1]["outcome"], (lost / "reason").read_text())


@pytest.mark.parametrize("exit_code", [0, 3, 4, 5, 6])
def test_lost_results_do_not_change_how_a_release_ended(
    exit_code: int, lost: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its exit code nor what the log says of it; a verdict keeps its code in any step."""
    step = step_that(StepEnd({"outcome": "undone", "reason": "it failed"}, exit_code))
    monkeypatch.setattr("steps.__main__.find", lambda _: replace(step, ends_release=not exit_code))
    assert exit_code == main(["report", "--app=shop"])
    lines = log_lines(capsys)
    assert ["results.lost", "step.ended"] == [line["event"] for line in lines]
    assert ("undone", "it failed") == (lines[-1]["outcome"], (lost / "reason").read_text())


def test_steps_that_end_a_release_are_known_as_such() -> None:
    """Their exit code says where the users are."""
    assert {"promote", "rollback", "undo", "sweep", "rollout"} == {name for name in STEPS if find(name).ends_release}


def test_a_good_end_says_results_and_summary_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a log store is asked for."""
    monkeypatch.setattr("steps.__main__.find", lambda _: step_that(StepEnd({"outcome": "done"}, 6, {"requests": 12})))
    assert 6 == main(["report", "--app=shop"])
    (line,) = log_lines(capsys)
    assert {"event": "step.ended", "exit_code": 6, "outcome": "done", "requests": 12}.items() <= line.items()


def test_a_log_for_people_is_one_short_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No braces, no context they know already."""
    monkeypatch.setattr("steps.__main__.find", lambda _: step_that(StepEnd({"outcome": "done"})))
    assert 0 == main(["report", "--app=shop", "--log-format=console"])
    (line,) = capsys.readouterr().err.splitlines()
    assert "step.ended" in line
    assert "outcome=done" in line
    assert [] == [mark for mark in ("{", "step=", "app=", "\033") if mark in line]
