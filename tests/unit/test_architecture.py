"""docs/architecture.md leads to what exists: paths, folders, names, and one meaning for each word."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FOLDERS = sorted({file.parent.relative_to(ROOT) for file in ROOT.glob("steps/**/*.py")})
CHANGES = re.findall(r"^\| (an? .+|another .+|the .+|what .+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)


def quoted(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`\n]+)`", text)


def paths(text: str) -> list[str]:
    """Return the paths from the root of the repository that a text names; those with <...> are patterns."""
    found = [one for one in quoted(text) if re.fullmatch(r"(steps|tests|tools|docs|workflows|tekton)/[\w./-]*", one)]
    return found + re.findall(r"^### (steps/\w*/?)$", text, re.MULTILINE)


def sections() -> Iterator[tuple[str, str]]:
    """Yield the folder and the text of each section that describes a folder of steps/."""
    parts = re.split(r"^###? (.*)$", PAGE, flags=re.MULTILINE)
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if heading.startswith("steps/"):
            yield heading, text


def test_every_path_on_the_page_exists() -> None:
    """Files and folders, from the root of the repository."""
    named = paths(PAGE)
    assert len(named) > 100
    assert [] == [one for one in named if not (ROOT / one).exists()]


def test_every_link_leads_somewhere() -> None:
    """To other pages, or to a heading of this one."""
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    headings = {re.sub(r"[^a-z0-9]+", "-", one.lower()) for one in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    assert set() == {one for one in links if one.startswith("#")} - {f"#{one}" for one in headings}
    assert [] == [one for one in links if not one.startswith("#") and not (ROOT / "docs" / one).exists()]


def test_every_folder_of_steps_has_its_paragraph() -> None:
    """A folder inside of one is described in the paragraph of the outer one."""
    described = dict(sections())
    for folder in FOLDERS:
        outer = "/".join([*folder.parts[:2], ""])
        assert outer in described, f"docs/architecture.md has no paragraph about {outer}"
        if len(folder.parts) > 2:
            assert f"`{folder.name}/`" in described[outer], f"the paragraph about {outer} does not name {folder.name}/"


@pytest.mark.parametrize(("folder", "text"), list(sections()), ids=[folder for folder, _ in sections()])
def test_a_paragraph_names_files_of_its_folder(folder: str, text: str) -> None:
    """Files are named without the folder there."""
    files = {file.name for file in (ROOT / folder).rglob("*.py")}
    assert set() == {one for one in quoted(text) if re.fullmatch(r"\w+\.py", one)} - files


def test_the_changes_are_listed() -> None:
    """Those that newcomers attempt."""
    assert len(CHANGES) >= 19


@pytest.mark.parametrize("change", CHANGES, ids=[change[0] for change in CHANGES])
def test_a_row_of_changes_names_what_its_files_contain(change: tuple[str, str, str]) -> None:
    """Classes, functions, settings: each occurs in one of the files of its row."""
    row = " ".join(change)
    named = [ROOT / one for one in paths(row)]
    files = [file for one in named for file in ([one] if one.is_file() else one.rglob("*.py"))]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    names = [one for one in quoted(row) if re.fullmatch(r"[A-Za-z_]+", one)]
    assert [] == [name for name in names if not re.search(rf"\b{name}\b", text)]
    assert files


def test_every_term_of_the_glossary_is_unique() -> None:
    """One word for one thing; in alphabetical order, so that it is found."""
    terms = re.findall(r"^\| ([^|]+) \|", PAGE.partition("## Glossary")[2], re.MULTILINE)[1:]
    assert len(terms) > 40
    assert sorted(set(terms)) == terms
