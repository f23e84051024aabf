"""The figures as docs/argo.md shows them: for each way and case the median of the runs and their range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from tests.e2e.speed.measure import Case, Measured

NAMES = {
    "rollout": "`canary-steps rollout`, one process",
    "canary-release-lean": "canary-release-lean, one pod per rung",
    "canary-release": "canary-release, two pods per rung",
}
FLAGGER = {
    "fails everything": ("20.5 s", "80"),
    "good": ("85 to 90 s",),
}
"""Flagger 1.44.0, measured earlier in a lab of the same kind, by case."""
Runs = Mapping[tuple[str, str], Sequence[Measured]]
"""(way, name of the case) → its runs."""


def table(cases: Sequence[Case], runs: Runs) -> str:
    """Return a Markdown table: bad versions have exposure, failed requests and rollbacks, good ones their time."""
    head, columns = ["release by"], ["---"]
    for case in cases:
        added = [f"{case.name}: to promoted"] if case.is_good else [f"{case.name}: exposed", "failed", "rolled back"]
        head += added
        columns += ["--:"] * len(added)
    flagger = ["Flagger 1.44.0"]
    for case in cases:
        known = FLAGGER.get(case.name, ())
        flagger += [*known, *[""] * ((1 if case.is_good else 3) - len(known))]
    rows = [head, columns, flagger]
    rows += [
        [NAMES.get(way, way), *(cell for case in cases for cell in cells(case, runs.get((way, case.name), ())))]
        for way in dict.fromkeys(way for way, _ in runs)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(case: Case, measured: Sequence[Measured]) -> list[str]:
    """Return the cells of one case."""
    ended = [one.promoted_seconds for one in measured if one.promoted_seconds is not None]
    if case.is_good:
        missing = len(measured) - len(ended)
        return [f"{spread(ended)} s" + (f", {missing} not promoted" if missing else "")] if measured else [""]
    if not measured:
        return ["", "", ""]
    exposed = spread([one.exposed_seconds for one in measured], 1)
    failed = spread([float(one.failed) for one in measured])
    return [f"{exposed} s", failed, f"{len(measured) - len(ended)} of {len(measured)}"]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return the median and, of several values, the range: `6.4 (5.1 to 7.0)`."""
    if not values:
        return "-"
    middle, low, high = (f"{value:.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"
