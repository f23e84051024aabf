"""The committed chart is what the generator writes."""

from __future__ import annotations

import pytest

from tools.charts.generate import BY_HAND, CHART, generated_files


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """Return what the generator would write."""
    return generated_files()


def test_generated_files_are_up_to_date(found: dict[str, str]) -> None:
    """Byte by byte: templates, values, schema, README, Chart.yaml."""
    assert 40 < len(found)
    assert {} == {
        path: "differs: make docs"
        for path, text in found.items()
        if not (CHART / path).exists() or (CHART / path).read_text(encoding="utf-8") != text
    }


def test_nothing_is_left_over_in_the_chart(found: dict[str, str]) -> None:
    """If a step is removed, its template goes too; what is edited by hand is listed."""
    there = {path.relative_to(CHART).as_posix() for path in CHART.rglob("*") if path.is_file()}
    assert there == {*found, *BY_HAND}
