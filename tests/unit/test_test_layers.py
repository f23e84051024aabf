"""The layers of the tests: everything may stand on tests/support, which stands on nothing else; unit tests need no lab.

Read from the imports of every file, those inside functions too; nothing is executed.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Which folders of `tests` each folder may import from.
MAY_IMPORT = {
    "support": {"support"},
    "bench": {"bench", "support"},
    "lab": {"lab", "support"},
    "unit": {"unit", "support", "bench"},
    "contract": {"contract", "support", "lab"},
    "integration": {"integration", "support", "lab"},
    "faults": {"faults", "support", "lab", "integration"},
    "schedules": {"schedules", "support"},
    "image": {"image", "support", "lab"},
    "e2e": {"e2e", "support", "lab"},
}


def imports_of(file: Path) -> set[str]:
    """Return the full names of all modules of `tests` that a file imports, or imports names from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from tests import lab` imports tests.lab.
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module == "tests"
                else {f"{node.module}"}
            )
    return {name for name in found if name.startswith("tests.")}


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_a_folder_imports_only_from_the_folders_below_it(folder: str) -> None:
    """Otherwise a change of the lab would break unit tests, and helpers would be found in several places."""
    files = sorted((ROOT / folder).rglob("*.py"))
    wrong = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imports_of(file)
        if name.split(".")[1] not in MAY_IMPORT[folder]
    }
    assert files
    assert set() == wrong


def test_every_folder_has_its_place() -> None:
    """A new folder needs a line in the table."""
    assert set(MAY_IMPORT) == {file.relative_to(ROOT).parts[0] for file in ROOT.glob("*/**/*.py")}


def test_no_helper_is_called_after_nothing() -> None:
    """A helper has a subject and is named after it."""
    files = {file.name for file in ROOT.rglob("*.py")}
    assert set() == files & {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
