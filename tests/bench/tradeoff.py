"""False alarms against time: the same rollouts judged with other rules. `python -m tests.bench.tradeoff` prints them.

Uses the tuning seeds: this is where defaults are chosen, not where they are praised.
"""

import multiprocessing
import sys
from dataclasses import replace
from typing import Final

from steps.judge import Rules
from tests.bench.measure import TUNING_SEEDS, Tally
from tests.bench.rules.ours import decide, read
from tests.bench.rules.outcome import Outcome
from tests.bench.world.families import FAMILIES
from tests.bench.world.rollout import rollout

_DEFAULT: Final = Rules()
VARIANTS: Final = {
    "default (alpha .01, ratio 1.25, cap .5)": _DEFAULT,
    "alpha .002": replace(_DEFAULT, alpha=0.002),
    "alpha .03": replace(_DEFAULT, alpha=0.03),
    "alpha .1": replace(_DEFAULT, alpha=0.1),
    "ratio 1": replace(_DEFAULT, ratio=1.0),
    "ratio 1.5": replace(_DEFAULT, ratio=1.5),
    "cap .35": replace(_DEFAULT, cap=0.35),
    "cap .8": replace(_DEFAULT, cap=0.8, cap_confirmed=1.0),
}
NULLS: Final = ("batches of 10, 100 rps", "equal 2 %, 10 rps", "20 % more errors, 1000 rps", "shared outage, 100 rps")
FAULTS: Final = ("errors 0.5 %, 100 rps", "errors 20 %, 10 rps", "errors 1 %, 10 rps")


def once(task: tuple[str, int]) -> tuple[str, dict[str, Outcome]]:
    """Judge one rollout by every variant."""
    name, seed = task
    one = rollout(FAMILIES[name], seed)
    evidence = read(one)
    return name, {variant: decide(one, evidence, rules) for variant, rules in VARIANTS.items()}


def main(nulls: int = 200, faults: int = 60) -> None:
    """Print the table as Markdown."""
    tasks = [(name, TUNING_SEEDS + seed) for name in NULLS for seed in range(nulls)]
    tasks += [(name, TUNING_SEEDS + seed) for name in FAULTS for seed in range(faults)]
    found = {name: {variant: Tally(FAMILIES[name], variant) for variant in VARIANTS} for name in (*NULLS, *FAULTS)}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for name, outcomes in pool.imap_unordered(once, tasks, chunksize=4):
            for variant, outcome in outcomes.items():
                found[name][variant].outcomes.append(outcome)
    lines = [f"| rules | {' | '.join((*NULLS, *FAULTS))} |", "|---|" + "--:|" * len(found)]
    for variant in VARIANTS:
        cells = [_cell(found[name][variant]) for name in (*NULLS, *FAULTS)]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(lines) + "\n")


def _cell(tally: Tally) -> str:
    middle = tally.quantile(0.5)
    share = f"{100 * tally.rolled_back:.1f} %"
    return share if not tally.family.fault else f"{share}; {'-' if middle is None else f'{middle / 60:.1f} min'}"


if __name__ == "__main__":
    main()
