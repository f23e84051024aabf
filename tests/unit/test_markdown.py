"""Markdown prose wraps at 100 columns, so that it reads well in a diff and in a terminal."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
COLUMNS = 100


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line of prose: no code block, no table, no quoted output of a program."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith(("|", ">", "    ")):
            yield number, line


def without_targets(line: str) -> str:
    """Return a line without the targets of its links, which cannot be wrapped."""
    return re.sub(r"\]\([^)]*\)", "]", line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_prose_wraps_at_100_columns(page: Path) -> None:
    """Tables, links, code blocks and quoted output excepted."""
    lines = prose(page.read_text(encoding="utf-8"))
    assert [] == [f"{page.name}:{number}" for number, line in lines if len(without_targets(line)) > COLUMNS]


def test_the_pages_are_found() -> None:
    """Those of the root and those of docs/."""
    assert {"README.md", "CHANGELOG.md", "settings.md", "benchmark.md"} <= {page.name for page in PAGES}
