"""The rooms of the judge are layers, as steps/judge/__init__.py lists them; imports only go down."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3] / "steps" / "judge"
ROOMS = (
    "rules", "statistics", "wording", "filters", "comparison", "checks", "power", "case", "judgement_builder",
    "fail_reasons", "blockers", "by_probes", "pass_reasons", "verdict", "promotion", "shared_cause",
    "second_trial", "__init__",
)  # fmt: skip


def imports(file: Path) -> Iterator[str]:
    """Yield the rooms that a file imports from."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("steps.judge"):
            for alias in node.names:
                yield f"{node.module}.{alias.name}".split(".")[2]


def test_no_room_imports_from_a_room_above_it() -> None:
    """Otherwise there would be cycles, and no room could be read alone."""
    upward = set()
    for file in ROOT.rglob("*.py"):
        room = file.relative_to(ROOT).parts[0].removesuffix(".py")
        upward |= {f"{room} -> {other}" for other in imports(file) if ROOMS.index(other) > ROOMS.index(room)}
    assert set() == upward
