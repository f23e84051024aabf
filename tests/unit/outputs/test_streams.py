"""Standard output and error that cannot be written: the exit code is that of the step."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from steps.outputs.streams import BestEffort

PROGRAM = [sys.executable, "-m", "steps"]


def ended(*arguments: str, out: str = "/dev/null", err: str = "/dev/null") -> int:
    """Run the program with its output in files; return its exit code."""
    with Path(out).open("w", encoding="utf-8") as stdout, Path(err).open("w", encoding="utf-8") as stderr:
        return subprocess.run([*PROGRAM, *arguments], stdout=stdout, stderr=stderr, check=False, timeout=60).returncode


def test_a_full_disk_behind_the_log_leaves_the_exit_code(tmp_path: Path) -> None:
    """Also when the process ends and its last line is still unwritten."""
    arguments = ("list", "--namespace=shop", f"--kubeconfig={tmp_path}/none")
    assert 2 == ended(*arguments) == ended(*arguments, err="/dev/full")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["list", "--help"], ["schema"], ["completion", "fish"]]
)
def test_what_is_asked_for_and_cannot_be_printed_is_a_sentence(arguments: list[str], tmp_path: Path) -> None:
    """Exit 4, no traceback."""
    log = tmp_path / "log"
    assert 4 == ended(*arguments, out="/dev/full", err=str(log))
    assert "While writing to standard output: No space left on device." in log.read_text()
    assert "Traceback" not in log.read_text()


def test_a_reader_that_has_seen_enough_stops_nothing() -> None:
    """As in `canary-steps schema | head -1`."""
    with subprocess.Popen([*PROGRAM, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"" == process.stderr.read()
        assert 0 == process.wait(60)


def test_lines_are_tried_again_after_one_was_lost() -> None:
    """A disk may get room again while a step works."""
    written: list[str] = []

    class Fickle(io.StringIO):
        def write(self, text: str) -> int:
            if text == "lost":
                raise OSError(28, "No space left on device")
            written.append(text)
            return len(text)

    stream = BestEffort(Fickle())
    for text in ("first", "lost", "last"):
        assert len(text) == stream.write(text)
    assert ["first", "last"] == written
