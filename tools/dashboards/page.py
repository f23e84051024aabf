"""The tables of docs/metrics.md: series and panels, from their own tables; the rest of the page is written by hand."""

from pathlib import Path
from typing import Final

from steps.outputs.metrics import series
from tools.dashboards import panels

PAGE: Final = Path(__file__).parents[2] / "docs" / "metrics.md"


def text() -> str:
    """Return the page with its tables as they should be."""
    found = PAGE.read_text(encoding="utf-8")
    for name, table in (("series", _series()), ("panels", _panels())):
        before, begin, rest = found.partition(f"<!-- {name}: made by make docs -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        if not begin or not end:
            raise ValueError(f"{PAGE} has no place for the table of {name}")
        found = f"{before}{begin}\n{table}\n{end}{after}"
    return found


def _series() -> str:
    rows = ["| series | type | labels | has samples | meaning |", "|---|---|---|---|---|"]
    for one in series.ALL:
        labels = ", ".join(one.labels) or "-"
        rows.append(f"| `{one.name}` | {one.kind} | {labels} | {one.when} | {one.help} |")
    return "\n".join(rows) + "\n"


def _panels() -> str:
    rows = ["| panel | what it answers |", "|---|---|"]
    rows += [f"| {panel.title} | {panel.answers.replace('$small', 'the chosen')} |" for panel in panels.ALL]
    return "\n".join(rows) + "\n"
