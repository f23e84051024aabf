"""A file that cannot be written keeps no user on a canary and changes no verdict: neither a report nor a log line."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest
from structlog.testing import capture_logs

from steps import report
from steps.outputs import logs
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.stepped_cluster import SteppedCluster
from tests.support.unwritable import UNWRITABLE

pytestmark = pytest.mark.integration

EXPIRED_SECONDS = 700.0


@pytest.fixture(params=list(UNWRITABLE.values()), ids=list(UNWRITABLE))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a path that cannot be written."""
    found: str = request.param(tmp_path)
    return found


def walking(folder: Path) -> SteppedCluster:
    """Return an app with a run at weight 20."""
    world = SteppedCluster(folder / "cluster")
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    return world


def test_a_fail_is_one_whatever_cannot_be_written(tmp_path: Path, place: str) -> None:
    """The users are back first; then the log names each file that could not be written."""
    world = walking(tmp_path)
    with capture_logs() as logged:
        end = StepProcess(world).analyze(20, FixedEvidence(1.0), judgement_file=place, progress_file=place)
    events = [line["event"] for line in logged]
    assert (5, "fail", {(100, 0)}) == (end.exit_code, end.results["verdict"], world.weights())
    assert events.index("weight.retreated") < events.index("progress.lost") < events.index("judgement.lost")


def test_a_pass_is_one_whatever_cannot_be_written(tmp_path: Path, place: str) -> None:
    """Its weight stays: the claim has the pass, and a full disk must not end a release."""
    world = walking(tmp_path)
    with capture_logs() as logged:
        end = StepProcess(world).analyze(20, judgement_file=place, progress_file=place)
    assert (0, "pass", {(80, 20)}) == (end.exit_code, end.results["verdict"], world.weights())
    [lost] = [line["error"] for line in logged if line["event"] == "judgement.lost"]
    assert "Point --judgement-file at a writable place" in lost


@pytest.mark.parametrize(("bad", "ended"), [(0.0, (0, "promoted")), (1.0, (5, "rolled-back"))])
def test_a_rollout_ends_as_it_was_decided_without_its_report(
    tmp_path: Path, place: str, bad: float, ended: tuple[int, str]
) -> None:
    """Promoted or rolled back."""
    world = SteppedCluster(tmp_path / "cluster")
    with capture_logs() as logged:
        end = StepProcess(world).rollout(
            FixedEvidence(bad), judgement_file=place, report_dir=f"{place}/below" if place == str(tmp_path) else place
        )
    assert (*ended, {(100, 0)}) == (end.exit_code, end.results["outcome"], world.weights())
    assert "judgement.lost" in {line["event"] for line in logged}


def test_a_defect_in_the_report_ends_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged with its traceback."""
    monkeypatch.setattr(report, "report_of_record", lambda *_: 1 // 0)
    world = SteppedCluster(tmp_path / "cluster")
    with capture_logs() as logged:
        end = StepProcess(world).rollout(report_dir=str(tmp_path / "report"))
    assert (0, "promoted") == (end.exit_code, end.results["outcome"])
    assert "report.crashed" in {line["event"] for line in logged}


class FullDisk(StringIO):
    """A stream on a full disk."""

    def write(self, _: str) -> int:
        """Refuse."""
        raise OSError(errno.ENOSPC, "No space left on device")


class Closed(StringIO):
    """A stream that somebody closed."""

    def write(self, _: str) -> int:
        """Refuse."""
        raise ValueError("I/O operation on closed file.")


STREAMS: dict[str, TextIO | None] = {"full": FullDisk(), "closed": Closed(), "missing": None}


@pytest.fixture(params=list(STREAMS.values()), ids=list(STREAMS))
def deaf_log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no log line be written."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", request.param)
        logs.configure("json", "rollback")
        yield


def fail(world: SteppedCluster) -> StepEnd:
    """Judge a canary that fails."""
    return StepProcess(world).analyze(20, FixedEvidence(1.0))


def sweep(world: SteppedCluster) -> StepEnd:
    """Sweep the run after its claim expired."""
    world.wait(EXPIRED_SECONDS)
    return StepProcess(world).sweep()


@pytest.mark.usefixtures("deaf_log")
@pytest.mark.parametrize("back", [fail, sweep, lambda world: StepProcess(world).rollback()])
def test_users_return_although_no_log_line_can_be_written(
    tmp_path: Path, back: Callable[[SteppedCluster], StepEnd]
) -> None:
    """A full disk behind standard error, or none: each way back logs before its first write."""
    world = walking(tmp_path)
    end = back(world)
    assert {(100, 0)} == world.weights()
    assert end.exit_code in {0, 5}
