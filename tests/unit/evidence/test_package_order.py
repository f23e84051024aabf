"""The folders of evidence import in one direction: from the HTTP API up to the preflight."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "steps" / "evidence"
ORDER = ("prometheus_api", "counters", "definitions", "discovery", "preflight")


@pytest.mark.parametrize("folder", ORDER)
def test_a_folder_imports_only_lower_ones(folder: str) -> None:
    """And never the files of the reader."""
    lower = set(ORDER[: ORDER.index(folder) + 1])
    imported = {
        name
        for file in (ROOT / folder).glob("*.py")
        for name in re.findall(r"from steps\.evidence\.(\w+)", file.read_text(encoding="utf-8"))
    }
    assert set() == imported - lower


def test_every_folder_has_a_place_in_the_order() -> None:
    """The essay of the package names them as well."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    essay = (ROOT / "__init__.py").read_text(encoding="utf-8")
    assert set(ORDER) == folders
    assert all(folder in essay for folder in ORDER)
