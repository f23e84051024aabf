"""The targets for whole rollouts with default settings, and whether the second trial may be adopted."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from steps.judge.second_trial import Mode
from tests.bench.ladders import Climbs, Found, grouped
from tests.bench.rules.ladder import MODES, PROMOTED, ROLLED_BACK, Ended
from tests.bench.simulation.family import Family
from tests.bench.target import Target

_NULL, _LASTING, _TOLERATED = 0.005, 0.02, 0.98
_SECONDS, _FAILED = 90.0, 100
MORE_FAILED = 1.3


def targets(found: Found) -> list[Target]:
    """Compare for every mode; targets whose families were not run are left out."""
    kinds = grouped(found)
    lines = [line for mode in MODES for line in (*_good(kinds, mode), *_bad(found, mode))]
    return [line for line in (*lines, *_adoption(kinds)) if line is not None]


def _good(kinds: Found, mode: str) -> list[Target | None]:
    good = _chosen(kinds, mode, lambda family: not family.fault)
    return [
        _worst("false roll-backs of whole rollouts, every good kind", mode, good, lasting=False),
        _worst("the same where one pod, node or client is worse for good", mode, good, lasting=True),
        _tolerated(mode, [one for one in good if one.family.kind.startswith("tolerated")]),
    ]


def _chosen(found: Found, mode: str, wanted: Callable[[Family], bool]) -> list[Climbs]:
    return [modes[mode] for modes in found.values() if mode in modes and wanted(modes[mode].family)]


def _worst(what: str, mode: str, good: Sequence[Climbs], *, lasting: bool) -> Target | None:
    chosen = [one for one in good if one.family.lasting is lasting]
    if not chosen:
        return None
    worst, limit = max(chosen, key=lambda one: one.share(ROLLED_BACK)), _LASTING if lasting else _NULL
    alarms, runs = sum(one.count(ROLLED_BACK) for one in chosen), sum(len(one.ended) for one in chosen)
    share = worst.share(ROLLED_BACK)
    text = (
        f"worst {100 * share:.1f} % ({worst.family.group}; {len(worst.ended)} runs); all {len(chosen)} together"
        f" {alarms} of {runs}"
    )
    return Target(f"{what}, second-trial {mode}", f"<= {100 * limit:g} %", text, share <= limit)


def _tolerated(mode: str, chosen: Sequence[Climbs]) -> Target | None:
    if not chosen:
        return None
    worst = min(chosen, key=lambda one: one.share(PROMOTED))
    share = worst.share(PROMOTED)
    text = f"worst {100 * share:.1f} % ({worst.family.group}; {len(worst.ended)} runs)"
    return Target(f"tolerated harm is promoted, second-trial {mode}", ">= 98 %", text, share >= _TOLERATED)


def _bad(found: Found, mode: str) -> list[Target | None]:
    gross = _chosen(found, mode, lambda family: family.fault and _fails(family.name))
    after = _chosen(found, mode, lambda family: family.name.startswith("20 % after") and ", 100 rps" in family.name)
    lines: list[Target | None] = []
    if gross:
        promoted, runs = sum(one.count(PROMOTED) for one in gross), sum(len(one.ended) for one in gross)
        text = f"{promoted} of {runs} in {len(gross)} families"
        lines.append(Target(f"canaries that fail 5 % or more promoted, second-trial {mode}", "0", text, not promoted))
    if after:
        slowest, most = _most(after, lambda one: one.safe_after or one.seconds), _most(after, lambda one: one.failed)
        text = f"users safe after at most {slowest:.0f} s, at most {most:.0f} failed requests"
        limit = f"<= {_SECONDS:.0f} s, <= {_FAILED}"
        met = slowest <= _SECONDS and most <= _FAILED
        lines.append(Target(f"20 % after any incident, 100 rps, second-trial {mode}", limit, text, met))
    return lines


def _fails(name: str) -> bool:
    return name.startswith(("5 ", "20 ", "fails 5 ", "fails 20 ", "fails 100 "))


def _most(climbs: Sequence[Climbs], value: Callable[[Ended], float]) -> float:
    return max(value(ended) for one in climbs for ended in one.ended)


def _adoption(kinds: Found) -> list[Target]:
    """Return what the second trial must keep: it costs few failed requests, and a good release no time."""
    lines = []
    plain = {name: modes for name, modes in kinds.items() if name.startswith(("fails ", "takes twice"))}
    if plain:
        ratio, name = max((_ratio(modes), name) for name, modes in plain.items())
        text = f"worst {ratio:.2f} times ({name})"
        what = "second trial: failed requests of plain faults, mean, auto v. never"
        lines.append(Target(what, f"<= {MORE_FAILED} times", text, ratio <= MORE_FAILED))
    if good := kinds.get("good, nothing happens"):
        times = [median(one.seconds for one in good[mode].ended) for mode in (Mode.NEVER, Mode.AUTO)]
        text = f"{times[0]:.0f} s without, {times[1]:.0f} s with it"
        lines.append(
            Target("second trial: a good release takes no longer, median", "equal", text, times[1] <= times[0])
        )
    return lines


def _ratio(modes: Mapping[str, Climbs]) -> float:
    never, auto = (sum(one.failed for one in modes[mode].ended) for mode in (Mode.NEVER, Mode.AUTO))
    return auto / max(never, 1)
