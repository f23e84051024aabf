"""False alarms against time: the same rollouts judged with other rules. `python -m tests.bench.tradeoff` prints them.

Uses the tuning seeds: it is for choosing defaults, not for publishing figures. docs/tradeoff.md keeps its output, since
some targets are missed.
"""

import multiprocessing
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from steps.judge import PassRule, Rules
from tests.bench.measure import PROVEN_FAMILY, TUNING_SEEDS, Tally
from tests.bench.rules.canary_steps import decide, read
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.rollout import rollout

Variants = Mapping[str, Rules]
Found = Mapping[str, Mapping[str, Tally]]

_DEFAULT: Final = Rules()
VARIANTS: Final[Variants] = {
    "default (alpha .01, ratio 1.25, caps .5 to .9)": _DEFAULT,
    "alpha .002": replace(_DEFAULT, alpha=0.002),
    "alpha .0002": replace(_DEFAULT, alpha=0.0002),
    "alpha .05": replace(_DEFAULT, alpha=0.05),
    "ratio 1": replace(_DEFAULT, ratio=1.0),
    "ratio 1.5": replace(_DEFAULT, ratio=1.5),
    "caps .25": replace(_DEFAULT, cap=0.25, cap_sound=0.25, cap_confirmed=0.25),
    "caps .5": replace(_DEFAULT, cap_sound=0.5, cap_confirmed=0.5),
    "caps .9": replace(_DEFAULT, cap=0.9, cap_sound=0.9),
}
NULLS: Final = (
    "pods with hiccups, 100 rps", "pods with hiccups, 40 rps, gateways", "batches of 10, 100 rps", "equal 2 %, 10 rps",
)  # fmt: skip
FAULTS: Final = ("errors 0.5 %, 100 rps", "5 % empty, 10 rps", "errors 20 %, 10 rps", "errors 1 %, 10 rps")
PROOFS: Final[Variants] = {
    text: replace(_DEFAULT, pass_rule=PassRule.PROVEN, proven_difference=difference)
    for text, difference in (("0.25", 0.0025), ("0.5 (default)", 0.005), ("1", 0.01), ("2", 0.02))
}


def once(task: tuple[str, int]) -> tuple[str, dict[str, Outcome]]:
    """Judge one rollout by every variant."""
    name, seed = task
    one = rollout(FAMILIES[name], seed)
    evidence = read(one)
    variants = PROOFS if name == PROVEN_FAMILY else VARIANTS
    return name, {variant: decide(one, evidence, rules) for variant, rules in variants.items()}


def main(nulls: int = 400, faults: int = 60) -> None:
    """Print both tables as Markdown."""
    runs = dict.fromkeys(NULLS, nulls) | dict.fromkeys((*FAULTS, PROVEN_FAMILY), faults)
    found = _judged((name, TUNING_SEEDS + seed) for name, count in runs.items() for seed in range(count))
    sys.stdout.write("\n".join((*_alarms(found, runs), "", *_proofs(found))) + "\n")


def _judged(tasks: Iterable[tuple[str, int]]) -> Found:
    found: dict[str, dict[str, Tally]] = {}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for name, outcomes in pool.imap_unordered(once, tasks, chunksize=4):
            for variant, outcome in outcomes.items():
                tally = found.setdefault(name, {}).setdefault(variant, Tally(FAMILIES[name], variant))
                tally.outcomes.append(outcome)
    return found


def _alarms(found: Found, runs: Mapping[str, int]) -> Sequence[str]:
    names = (*NULLS, *FAULTS)
    heads = " | ".join(f"{name} ({runs[name]})" for name in names)
    lines = [f"| rules | {heads} |", "|---|" + "--:|" * len(names)]
    lines += [f"| {variant} | {' | '.join(_cell(found[name][variant]) for name in names)} |" for variant in VARIANTS]
    return lines


def _cell(tally: Tally) -> str:
    share = f"{100 * tally.rolled_back:.1f} %"
    return f"{share}; {_seconds(tally.quantile(0.5))}" if tally.family.fault else share


def _proofs(found: Found) -> Sequence[str]:
    lines = ["| difference ruled out | proven in 30 min | median |", "|---|--:|--:|"]
    for variant, tally in found[PROVEN_FAMILY].items():
        passed = sorted(tally.passed)
        middle = passed[tally.runs // 2] if len(passed) > tally.runs // 2 else None
        lines.append(f"| {variant} | {100 * len(passed) / tally.runs:.0f} % | {_seconds(middle)} |")
    return lines


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f} s"


if __name__ == "__main__":
    main()
