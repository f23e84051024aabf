"""Tables of single rungs of the field: one row for a kind and a reporter, for our rule and the second opinion."""

from collections.abc import Sequence
from typing import Final

from tests.bench.measure import Tally

_RULES: Final = ("canary-steps", "mixture SPRT")


def nulls(kinds: Sequence[Sequence[Tally]]) -> str:
    """Return the table of good canaries."""
    rows = [f"| kind (runs) | {' | '.join(_RULES)} |", "|---|" + "--:|" * len(_RULES)]
    rows += [f"| {_name(rules[0])} | {' | '.join(share(one) for one in _shown(rules))} |" for rules in kinds]
    return "\n".join(rows)


def faults(kinds: Sequence[Sequence[Tally]]) -> str:
    """Return the table of bad canaries."""
    rows = [f"| kind (runs) | {' | '.join(_RULES)} |", "|---|" + "---|" * len(_RULES)]
    for rules in kinds:
        cells = [f"{share(one)}; {minutes(one)}; {one.typical_harm:.0f}" for one in _shown(rules)]
        rows.append(f"| {_name(rules[0])} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _shown(rules: Sequence[Tally]) -> list[Tally]:
    return [one for rule in _RULES for one in rules if one.rule == rule]


def _name(tally: Tally) -> str:
    return f"{tally.family.group}{', held out' if tally.family.held_out else ''} ({tally.runs})"


def share(tally: Tally) -> str:
    """Return the percentage of rollouts that were rolled back, with its limits."""
    low, high = tally.limits
    return f"{100 * tally.rolled_back:.1f} [{100 * low:.1f}-{100 * high:.1f}]" if tally.times else "0"


def minutes(tally: Tally) -> str:
    """Return the median and the 90th percentile of the time to the roll-back, in minutes."""
    middle, most = (tally.quantile(part) for part in (0.5, 0.9))
    return f"{'-' if middle is None else f'{middle / 60:.1f}'}/{'-' if most is None else f'{most / 60:.1f}'}"
