"""Files that people ask for: reports, pages, judgements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps import analyze, prepare, report
from steps.errors import PermanentError
from steps.outputs.files import save
from steps.settings.conventions import release_names
from steps.wiring.analysis import recorder_of
from steps.wiring.release import with_run_id
from tests.support.unwritable import UNWRITABLE

NAMES = release_names(report.Settings.model_validate({"app": "shop"}), "shop")


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    """For example the report's page under Argo, where the folder does not exist yet."""
    save("text", str(tmp_path / "outputs" / "report.html"), "--html", "writing the report")
    assert "text" == (tmp_path / "outputs" / "report.html").read_text()


@pytest.mark.parametrize("place", UNWRITABLE.values(), ids=list(UNWRITABLE))
def test_an_unwritable_place_is_reported_with_its_flag(tmp_path: Path, place: Callable[[Path], str]) -> None:
    """Exit 4: a person has to name another place."""
    with pytest.raises(PermanentError, match="Point --html at a writable place") as caught:
        save("text", place(tmp_path), "--html", "writing the report")
    assert (4, False) == (caught.value.exit_code, "None" in caught.value.cause)


@pytest.mark.parametrize("place", UNWRITABLE.values(), ids=list(UNWRITABLE))
def test_an_unwritable_recording_stops_only_what_has_not_begun(tmp_path: Path, place: Callable[[Path], str]) -> None:
    """A run that has a name may have users on its canary: it goes on without a recording, and says so once."""
    settings, path = analyze.Settings.model_validate({"app": "shop"}), place(tmp_path)
    with pytest.raises(PermanentError, match="Point --record at a writable place"):
        recorder_of(settings, path, "", NAMES, {})
    with capture_logs() as logged:
        assert recorder_of(settings, path, "one", NAMES, {}) is None
    assert ["recording.lost"] == [line["event"] for line in logged]


def test_a_run_is_refused_if_its_id_cannot_be_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that the caller named goes on: its users may be on the canary already."""
    monkeypatch.setenv("RESULT_RUN", str(tmp_path))
    with pytest.raises(PermanentError, match="Point RESULT_RUN at a writable place"):
        with_run_id(prepare.Settings.model_validate({"app": "shop", "image": "shop:2"}), NAMES)
    named = prepare.Settings.model_validate({"app": "shop", "image": "shop:2", "run": "one"})
    with capture_logs() as logged:
        assert "one" == with_run_id(named, NAMES).run
    assert ["results.lost"] == [line["event"] for line in logged]


def test_text_and_page_of_a_report_are_written_apart(tmp_path: Path) -> None:
    """One that cannot be written takes the other one not with it."""
    page = tmp_path / "page.html"
    settings = report.Settings.model_validate({"app": "shop", "output": str(tmp_path), "html": str(page)})
    with pytest.raises(PermanentError, match="Point --output at a writable place"):
        report.deliver(settings, "text", "page")
    assert "page" == page.read_text()
