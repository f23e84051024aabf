"""The project's targets and the measured figures (docs/benchmark.md shows them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.measure import PROVEN, PROVEN_FAMILY, Tally

Tallies = Mapping[str, Sequence[Tally]]
_OURS, _FLAGGER, _ARGO = "canary-steps", "Flagger x5", "Argo example"
_GROSS = 0.2


@dataclass(frozen=True)
class Target:
    """One target: its name, the limit in words, the measured figure, and whether the limit is met."""

    what: str
    limit: str
    measured: str
    met: bool


def targets(found: Tallies) -> list[Target]:
    """Compare; targets whose families were not run are left out."""
    lines = [_false_alarms(found), *_gross(found), *_single(found)]
    return [line for line in lines if line is not None]


def _of(found: Tallies, family: str, rule: str = _OURS) -> Tally | None:
    return next((one for one in found.get(family, ()) if one.rule == rule), None)


def _false_alarms(found: Tallies) -> Target | None:
    nulls = [one for rules in found.values() for one in rules if one.rule == _OURS and not one.family.fault]
    if not nulls:
        return None
    worst = max(nulls, key=lambda one: one.rolled_back)
    alarms, runs = sum(len(one.times) for one in nulls), sum(one.runs for one in nulls)
    text = (
        f"worst {_percent(worst.rolled_back)} ({worst.family.name}; {worst.runs} runs, 95 % limit"
        f" {_percent(worst.limits[1])}); all {len(nulls)} families together {alarms} of {runs}"
    )
    return Target("false roll-backs, every null family", "<= 0.5 %", text, worst.rolled_back <= 0.005)


def _gross(found: Tallies) -> list[Target | None]:
    lines: list[Target | None] = []
    for share in (20, 100):
        for end in ("10 rps", "100 rps", "10 rps, gateways", "100 rps, gateways"):
            name = f"errors {share} %, {end}"
            ours, flagger, argo = (_of(found, name, rule) for rule in (_OURS, _FLAGGER, _ARGO))
            if ours is None or flagger is None or argo is None:
                continue
            most = 30 if share == 100 and "gateways" in end else 45
            time, harm = ours.quantile(0.5), max(ours.typical_harm, 1.0)
            lines += [
                Target(f"{name}: found", ">= 99.9 %", _percent(ours.rolled_back), ours.rolled_back >= 0.999),
                Target(f"{name}: median time", f"<= {most} s", _seconds(time), time is not None and time <= most),
                _fewer(name, "Flagger x5", flagger.typical_harm / harm, 6),
                _fewer(name, "Argo's example", argo.typical_harm / harm, 20),
            ]
    return lines


def _fewer(name: str, rival: str, ratio: float, least: int) -> Target:
    return Target(
        f"{name}: failed requests v. {rival}", f">= {least} times fewer", f"{ratio:.1f} times", ratio >= least
    )


def _single(found: Tallies) -> list[Target | None]:
    late, early = _of(found, "5 % from minute 10, 100 rps"), _of(found, "errors 5 %, 100 rps")
    lines: list[Target | None] = [
        _found(found, "errors 0.5 %, 100 rps", 270),
        _found(found, "5 % empty, 10 rps", 150),
    ]
    if late and early:
        at, first = late.quantile(0.5), early.quantile(0.5)
        more = None if at is None or first is None else at - 600 - first
        lines.append(
            Target("a fault from minute 10 on: later than at once by", "<= 60 s", _seconds(more), (more or 0) <= 60)
        )
    proven = _of(found, PROVEN_FAMILY, PROVEN)
    if proven and proven.passed:
        median = sorted(proven.passed)[len(proven.passed) // 2]
        lines.append(Target("good release proven at 10 canary rps", "<= 120 s", _seconds(median), median <= 120))
    return lines


def _found(found: Tallies, name: str, most: float) -> Target | None:
    one = _of(found, name)
    if one is None:
        return None
    time = one.quantile(0.5)
    text = f"{_percent(one.rolled_back)}, median {_seconds(time)}"
    met = one.rolled_back >= 0.99 and time is not None and time <= most
    return Target(f"{name}: found", f">= 99 %, median <= {most:.0f} s", text, met)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s"
