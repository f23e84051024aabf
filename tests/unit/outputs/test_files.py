"""Files that people ask for: reports, pages, judgements."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.errors import PermanentError
from steps.outputs.files import save


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    """For example the report's page under Argo, where the folder does not exist yet."""
    save("text", str(tmp_path / "outputs" / "report.html"), "--html", "writing the report")
    assert "text" == (tmp_path / "outputs" / "report.html").read_text()


def test_an_unwritable_place_is_reported_with_its_flag(tmp_path: Path) -> None:
    """Exit 4: a person has to name another place."""
    (tmp_path / "file").touch()
    with pytest.raises(PermanentError, match=r"file/report\.html: .*Point --html at a writable place") as caught:
        save("text", str(tmp_path / "file" / "report.html"), "--html", "writing the report")
    assert 4 == caught.value.exit_code
