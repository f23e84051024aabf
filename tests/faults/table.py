"""Points and violations by story and fault, as text and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Counts = Counter[tuple[str, str]]


def as_text(tried: Counts, broken: Counts) -> str:
    """Return a row for each story: points, and violations where there are any, by fault."""
    stories, faults = _names(tried)
    width = max((len(story) for story in stories), default=0)
    head = f"{'':{width}}  {'points':>6}  {'broken':>6}"
    rows = [head]
    for story in stories:
        points, bad = _sum(tried, story), _sum(broken, story)
        kinds = ", ".join(f"{fault} {broken[story, fault]}" for fault in faults if broken[story, fault])
        rows.append(f"{story:{width}}  {points:6}  {bad:6}  {kinds}".rstrip())
    return "\n".join(rows)


def as_markdown(tried: Counts, broken: Counts) -> str:
    """Return two tables: by story and by fault."""
    stories, faults = _names(tried)
    by_fault = [
        (fault, sum(tried[s, fault] for s in stories), sum(broken[s, fault] for s in stories)) for fault in faults
    ]
    by_story = [(story, _sum(tried, story), _sum(broken, story)) for story in stories]
    total = f"{tried.total()} points, {broken.total()} violations."
    return "\n".join([total, "", *_table("story", by_story), "", *_table("fault", by_fault), ""])


def _table(name: str, rows: Sequence[tuple[str | int, ...]]) -> list[str]:
    lines = [f"| `{one[0]}` | {one[1]} | {one[2]} |" for one in rows]
    return [f"| {name} | points | violations |", "|---|---:|---:|", *lines]


def _names(tried: Counts) -> tuple[list[str], list[str]]:
    return list(dict.fromkeys(story for story, _ in sorted(tried))), sorted({fault for _, fault in tried})


def _sum(counts: Counts, story: str) -> int:
    return sum(count for (name, _), count in counts.items() if name == story)
