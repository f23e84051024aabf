"""Writes the difference between the two charts of examples/helm/shop into docs/helm.md: `make docs`."""

import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
PAGE: Final = _ROOT / "docs" / "helm.md"
EXAMPLE: Final = _ROOT / "examples" / "helm" / "shop"
_BEGIN, _END = "<!-- The example's difference, written by `make docs` -->\n```diff\n", "```\n<!-- end -->"


def difference() -> str:
    """Return the unified difference of all files of both charts, by name."""
    names = {file.relative_to(folder) for folder in _both() for file in _files(folder)}
    return "".join(line for name in sorted(names) for line in _of(name))


def page(text: str) -> str:
    """Return the page with the difference as it is now."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{difference()}{_END}{after}"


def _both() -> tuple[Path, Path]:
    return EXAMPLE / "before", EXAMPLE / "after"


def _files(folder: Path) -> Iterator[Path]:
    built = folder / "charts"
    return (one for one in folder.rglob("*") if one.is_file() and built not in one.parents and one.name != "Chart.lock")


def _of(name: Path) -> Iterator[str]:
    before, after = (_lines(folder / name) for folder in _both())
    return unified_diff(before, after, f"before/{name}", f"after/{name}", n=1)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
