"""Writes what was measured: docs/benchmark.md with its tables, docs/benchmark.csv, docs/ladders.csv, docs/plots/."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from tests.bench import claimed_power, field_table, ladders_csv
from tests.bench.field_table import minutes, share
from tests.bench.ladders import grouped, markdown
from tests.bench.measure import PROVEN, RULES, Tally, by_kind
from tests.bench.plots import plot
from tests.bench.rules.ladder import MODES
from tests.bench.targets import Measured, targets

Tallies = Mapping[str, Sequence[Tally]]
_COLUMNS = (
    "family", "fault", "held_out", "rule", "runs", "rolled_back", "low", "high", "median_s", "p90_s", "failed_requests",
    "passed", "pass_median_s",
)  # fmt: skip
_DOCS = Path(__file__).parents[2] / "docs"


def write(found: Measured, about: str, docs: Path = _DOCS) -> Path:
    """Write all to a folder and return the page's path; `about` has command, seeds and date."""
    plots = docs / "plots"
    plots.mkdir(exist_ok=True)
    for name, tallies in found.rungs.items():
        (plots / f"{slug(name)}.svg").write_text(plot(name, tallies), encoding="utf-8")
    _csv({**found.rungs, **found.field}, docs / "benchmark.csv")
    ladders_csv.write(found.climbs, docs / "ladders.csv")
    page = docs / "benchmark.md"
    text = Template((Path(__file__).parent / "benchmark.template.md").read_text(encoding="utf-8"))
    page.write_text(
        text.substitute(_rungs(found.rungs), about=about, targets=_targets(found), **_more(found)), encoding="utf-8"
    )
    return page


def _rungs(found: Tallies) -> dict[str, str]:
    """Return the tables of single rungs by every rule."""
    groups = {
        "nulls": (False, False),
        "faults": (True, False),
        "held_nulls": (False, True),
        "held_faults": (True, True),
    }
    tables = {}
    for key, (fault, held_out) in groups.items():
        chosen = [
            rules for rules in found.values() if (rules[0].family.fault, rules[0].family.held_out) == (fault, held_out)
        ]
        tables[key] = _faults(chosen) if fault else _nulls(chosen)
    return tables


def _more(found: Measured) -> dict[str, str]:
    """Return the tables of whole rollouts, of single rungs of the field, and of the claims."""
    climbs, kinds = grouped(found.climbs), by_kind(found.field)
    tables = {
        f"{name}_{mode}": markdown(climbs, mode, fault=fault)
        for mode in MODES
        for name, fault in (("good", False), ("bad", True))
    }
    return {
        **tables,
        "field_nulls": field_table.nulls([rules for rules in kinds.values() if not rules[0].family.fault]),
        "field_faults": field_table.faults([rules for rules in kinds.values() if rules[0].family.fault]),
        "claims": claimed_power.markdown(found.claims),
    }


def slug(name: str) -> str:
    """Return a family's file name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("%", "percent").replace(".", "p")).strip("-")


def _targets(found: Measured) -> str:
    rows = ["| target | limit | measured | met |", "|---|---|---|---|"]
    rows += [
        f"| {one.what} | {one.limit} | {one.measured} | {'yes' if one.met else '**no**'} |" for one in targets(found)
    ]
    return "\n".join(rows)


def _nulls(families: Sequence[Sequence[Tally]]) -> str:
    rows = [f"| family (runs) | {' | '.join(RULES)} |", "|---|" + "--:|" * len(RULES)]
    for tallies in families:
        cells = [share(one) for one in tallies if one.rule != PROVEN]
        rows.append(f"| {_link(tallies[0])} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _faults(families: Sequence[Sequence[Tally]]) -> str:
    rows = [f"| family (runs) | {' | '.join(RULES)} |", "|---|" + "---|" * len(RULES)]
    for tallies in families:
        cells = [f"{share(one)}; {minutes(one)}; {one.typical_harm:.0f}" for one in tallies if one.rule != PROVEN]
        rows.append(f"| {_link(tallies[0])} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _link(tally: Tally) -> str:
    return f"[{tally.family.name}](plots/{slug(tally.family.name)}.svg) ({tally.runs})"


def _csv(found: Tallies, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, tallies in found.items():
            for one in tallies:
                passed = sorted(one.passed)
                writer.writerow(
                    [name, one.family.fault, one.family.held_out, one.rule, one.runs, f"{one.rolled_back:.4f}",
                     *(f"{limit:.4f}" for limit in one.limits), _plain(one.quantile(0.5)), _plain(one.quantile(0.9)),
                     f"{one.typical_harm:.0f}", len(passed), _plain(passed[len(passed) // 2] if passed else None)]
                )  # fmt: skip


def _plain(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f}"
