"""Results: every declared one is written, small and exact."""

from pathlib import Path

import pytest

from steps.errors import PermanentError
from steps.outputs import results


def test_every_declared_result_is_written_even_without_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow engine fails on a missing file."""
    for name in ("VERDICT", "CANARY_HASH"):
        monkeypatch.setenv(f"RESULT_{name}", str(tmp_path / "made" / name))

    results.write(["verdict", "canary-hash"], {"verdict": "pass"})

    assert "pass" == (tmp_path / "made" / "VERDICT").read_text()
    assert "" == (tmp_path / "made" / "CANARY_HASH").read_text()


def test_a_result_ends_without_a_newline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tekton's `when` compares the exact text."""
    monkeypatch.setenv("RESULT_OUTCOME", str(tmp_path / "outcome"))

    results.write(["outcome"], {"outcome": "promoted"})

    assert b"promoted" == (tmp_path / "outcome").read_bytes()


def test_more_than_a_kilobyte_is_refused_with_the_sizes() -> None:
    """Tekton passes all results in a termination message."""
    with pytest.raises(PermanentError, match=r"1100 bytes, the limit is 1024: reason 1000, verdict 100"):
        results.write(["reason", "verdict"], {"reason": "r" * 1000, "verdict": "v" * 100})


def test_an_unwritable_place_is_reported_with_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only root file system needs an emptyDir."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESULT_OUTCOME", str(tmp_path / "file" / "outcome"))
    with pytest.raises(PermanentError, match=r"RESULT_OUTCOME at a writable place"):
        results.write(["outcome"], {})


def test_the_longest_results_of_any_step_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long sentence in a script of several bytes per letter, with the longest run id and judgement."""
    reason = results.truncate("стабильная " * 100 + "\n")
    assert reason.endswith("...")
    longest = {
        "run": "r" * 63,
        "verdict": "inconclusive",
        "reason": reason,
        "judgement": "j" * 600,
        "outcome": "rollback-failed",
    }
    assert results.LIMIT_BYTES >= sum(len(value.encode()) for value in longest.values())
    results.write(longest, longest)


def test_a_short_sentence_is_kept_as_it_is() -> None:
    """Except for the end of its line."""
    assert "all is well" == results.truncate("all is well\n")


def test_one_unwritable_result_takes_no_other_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict is read by other steps, even if the numbers behind it did not fit on the disk."""
    monkeypatch.setenv("RESULT_JUDGEMENT", "/dev/full")
    monkeypatch.setenv("RESULT_VERDICT", str(tmp_path / "verdict"))
    with pytest.raises(PermanentError, match="writing result judgement: /dev/full: No space left on device"):
        results.write(["judgement", "verdict"], {"judgement": "{}", "verdict": "fail"})
    assert "fail" == (tmp_path / "verdict").read_text()


def test_an_announced_result_survives_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To write the id of the run again would empty the file first, and nobody could end that run."""
    path = tmp_path / "run"
    monkeypatch.setenv("RESULT_RUN", str(path))
    results.reset()
    results.announce("run", "shop-1")
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: pytest.fail("it was written again"))
    results.write(["run"], {"run": "shop-1"})
    assert "shop-1" == path.read_text()
    results.reset()
