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
