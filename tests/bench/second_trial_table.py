"""What a second trial changes: whole rollouts with equal seeds, `second-trial: never` beside `auto` (docs/judge.md).

`python -m tests.bench.second_trial_table --seconds 700 --workers 2` prints the table. Each family has its turn before
any has a second one, so a longer time makes every row of it firmer.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Final

from steps.judge.second_trial import Mode
from tests.bench.ladder_targets import MORE_FAILED
from tests.bench.ladders import ROLLOUTS, Climbs, Found, measure
from tests.bench.rules.ladder import INCONCLUSIVE, PROMOTED, ROLLED_BACK, Ended
from tests.bench.simulation.family import Family

_QUIET: Final = "good, nothing happens"
_SHOWN: Final = ("fails 100 %, 100 rps", "fails 100 %, 10 rps", "fails 20 %, 10 rps", "fails 1 %, 100 rps")
_SHOWN_RUNS: Final = 8


def markdown(found: Found, shown: Found) -> str:
    """Return the table of rollouts that were made in both modes; `shown`: those of single kinds."""
    good = _ended(found, lambda family: not family.fault)
    quiet = _ended(found, lambda family: family.kind == _QUIET)
    bad = _ended(found, lambda family: family.fault)
    rows = [
        (f"{_count(good)} good ones, most with troubles of pods, nodes, clients, outages: rolled back",
         _each(good, _how(ROLLED_BACK))),
        ("the same: inconclusive", _each(good, _how(INCONCLUSIVE))),
        ("the same: failed requests of users in all", _each(good, _failed)),
        (f"the {_count(quiet)} of them to which nothing happens: seconds, mean", _each(quiet, _seconds)),
        (f"{_count(bad)} bad ones, {len(_of(found, lambda family: family.fault))} kinds of faults and loads: promoted",
         _each(bad, _how(PROMOTED))),
        ("the same: failed requests of users in all", _each(bad, _failed)),
        ("the same: seconds, mean", _each(bad, _seconds)),
        (f"kinds of faults and loads that cost more than {MORE_FAILED:g} times as much", ("", str(_dearer(found)))),
        *((f"{name}: failed requests, mean of {_count(ended)}", _each(ended, _mean_failed))
          for name in _SHOWN if (ended := _ended(shown, _is(name)))),
    ]  # fmt: skip
    lines = [f"| {what} | {' | '.join(cells)} |" for what, cells in rows]
    return "\n".join(["| rollouts | `never` | `auto` |", "|---|--:|--:|", *lines])


def _of(found: Found, wanted: Callable[[Family], bool]) -> list[Mapping[str, Climbs]]:
    return [modes for modes in found.values() if wanted(modes[Mode.NEVER].family)]


def _ended(found: Found, wanted: Callable[[Family], bool]) -> dict[str, list[Ended]]:
    """Return the rollouts of the families that are wanted, by mode; {} if there are none."""
    chosen = _of(found, wanted)
    modes = (Mode.NEVER, Mode.AUTO) if chosen else ()
    return {mode: [ended for one in chosen for ended in one[mode].ended] for mode in modes}


def _is(name: str) -> Callable[[Family], bool]:
    return lambda family: family.name == name


def _count(ended: Mapping[str, Sequence[Ended]]) -> int:
    return len(ended.get(Mode.NEVER, ()))


def _each(ended: Mapping[str, Sequence[Ended]], value: Callable[[Sequence[Ended]], str]) -> tuple[str, ...]:
    return tuple(value(rollouts) for rollouts in ended.values())


def _how(how: str) -> Callable[[Sequence[Ended]], str]:
    return lambda ended: str(sum(one.how == how for one in ended))


def _failed(ended: Sequence[Ended]) -> str:
    return f"{sum(one.failed for one in ended):,}".replace(",", " ")


def _mean_failed(ended: Sequence[Ended]) -> str:
    return f"{fmean(one.failed for one in ended):.0f}"


def _seconds(ended: Sequence[Ended]) -> str:
    return f"{fmean(one.seconds for one in ended):.0f}"


def _dearer(found: Found) -> int:
    faults = _of(found, lambda family: family.fault)
    costs = ([sum(ended.failed for ended in one[mode].ended) for mode in (Mode.NEVER, Mode.AUTO)] for one in faults)
    return sum(auto > MORE_FAILED * never for never, auto in costs)


def main() -> int:
    """Roll out all families until the time is over, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.second_trial_table", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="rollouts of each family, at most")
    parser.add_argument("--seconds", type=float, default=700.0, help="time after which no further one begins")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    given = parser.parse_args()
    found = measure(list(ROLLOUTS), given.runs, given.seconds, given.workers)
    shown = measure(_SHOWN, _SHOWN_RUNS, given.seconds, given.workers)
    sys.stdout.write(f"{markdown(found, shown)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
