"""The progress that a workflow engine shows during an analysis."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from steps.outputs.progress import Progress


def test_progress_is_one_line_of_percent(tmp_path: Path) -> None:
    """As Argo parses it: N/M, and N never above M."""
    path = tmp_path / "progress"
    progress = Progress(str(path))
    said = []
    for part in (0.0, 0.424, 1.7, -1.0):
        progress(part)
        said.append(path.read_text())
    assert ["0/100\n", "42/100\n", "100/100\n", "0/100\n"] == said


def test_an_unwritable_place_is_reported_once(tmp_path: Path) -> None:
    """Progress never stops a release."""
    progress = Progress(str(tmp_path / "missing" / "progress"))
    with capture_logs() as logged:
        progress(0.1)
        progress(0.2)
    assert ["progress.lost"] == [line["event"] for line in logged]
    assert "missing/progress': No such file" in logged[0]["detail"]
