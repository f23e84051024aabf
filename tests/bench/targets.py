"""The project's targets and the measured figures (docs/benchmark.md shows them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench import ladder_targets
from tests.bench.claimed_power import MAX_POWER, MIN_POWER, ClaimCheck
from tests.bench.ladders import Found
from tests.bench.measure import PROVEN, PROVEN_FAMILY, Tally, by_kind
from tests.bench.target import Target

Tallies = Mapping[str, Sequence[Tally]]
_OURS, _FLAGGER, _ARGO = "canary-steps", "Flagger x5", "Argo example"
_JUDGEMENT_MS = 50.0
_FASTEST, _FEW = 15, 120
"""Seconds and failed requests of a total failure behind gateways, at 100 requests a second and a weight of 10 %."""


@dataclass(frozen=True)
class Measured:
    """All that was measured.

    Attributes:
        rungs, field: single rungs by family: those of every rule, and those of the field.
        climbs: whole rollouts.
        claims: whether the claims of a pass are true.
        judgement_ms: CPU time of one large judgement, milliseconds; None: not measured.
    """

    rungs: Tallies
    field: Tallies
    climbs: Found
    claims: Sequence[ClaimCheck] = ()
    judgement_ms: float | None = None


def targets(found: Measured) -> list[Target]:
    """Compare; targets whose families were not run are left out."""
    lines = [
        *_false_alarms(found),
        *ladder_targets.targets(found.climbs),
        _claims(found.claims),
        _judgement(found.judgement_ms),
        *_gross(found.rungs),
        *_single(found.rungs),
    ]
    return [line for line in lines if line is not None]


def _of(found: Tallies, family: str, rule: str = _OURS) -> Tally | None:
    return next((one for one in found.get(family, ()) if one.rule == rule), None)


def _false_alarms(found: Measured) -> list[Target | None]:
    every = [one for rules in (*found.rungs.values(), *by_kind(found.field).values()) for one in rules]
    nulls = [one for one in every if one.rule == _OURS and not one.family.fault]
    fleeting, lasting = ([one for one in nulls if one.family.lasting is kind] for kind in (False, True))
    return [
        _worst("false roll-backs on one rung, every good kind", fleeting, 0.005),
        _worst("the same where one pod, node or client is worse for good", lasting, 0.02),
    ]


def _worst(what: str, nulls: Sequence[Tally], limit: float) -> Target | None:
    if not nulls:
        return None
    worst = max(nulls, key=lambda one: one.rolled_back)
    alarms, runs = sum(len(one.times) for one in nulls), sum(one.runs for one in nulls)
    text = (
        f"worst {_percent(worst.rolled_back)} ({worst.family.group}; {worst.runs} runs, 95 % limit"
        f" {_percent(worst.limits[1])}); all {len(nulls)} together {alarms} of {runs}"
    )
    return Target(what, f"<= {_percent(limit)}", text, worst.rolled_back <= limit)


def _claims(found: Sequence[ClaimCheck]) -> Target | None:
    checked = [one for one in found if one.canaries]
    if not checked:
        return None
    shares = [one.caught for one in checked]
    text = f"{100 * min(shares):.0f} to {100 * max(shares):.0f} % in {len(checked)} scenarios"
    limit = f"{100 * MIN_POWER:.0f} to {100 * MAX_POWER:.0f} %"
    return Target("what a pass says would have been caught is caught", limit, text, all(one.true for one in checked))


def _judgement(spent: float | None) -> Target | None:
    if spent is None:
        return None
    return Target(
        "a judgement of 12 metrics x 240 strata", "<= 50 ms", f"{spent:.0f} ms of CPU", spent <= _JUDGEMENT_MS
    )


def _gross(found: Tallies) -> list[Target | None]:
    lines: list[Target | None] = []
    for share in (20, 100):
        for end in ("10 rps", "100 rps", "10 rps, gateways", "100 rps, gateways"):
            name = f"errors {share} %, {end}"
            ours, flagger, argo = (_of(found, name, rule) for rule in (_OURS, _FLAGGER, _ARGO))
            if ours is None or flagger is None or argo is None:
                continue
            most = 45
            if share == 100 and "gateways" in end:
                most = _FASTEST if end.startswith("100") else 30
            time, harm = ours.quantile(0.5), max(ours.typical_harm, 1.0)
            lines += [
                Target(f"{name}: found", ">= 99.9 %", _percent(ours.rolled_back), ours.rolled_back >= 0.999),
                Target(f"{name}: median time", f"<= {most} s", _seconds(time), time is not None and time <= most),
                _few(name, ours.typical_harm) if most == _FASTEST else None,
                _fewer(name, "Flagger x5", flagger.typical_harm / harm, 6),
                _fewer(name, "Argo's example", argo.typical_harm / harm, 20),
            ]
    return lines


def _few(name: str, harm: float) -> Target:
    return Target(f"{name}: failed requests, median", "<= 120", f"{harm:.0f}", harm <= _FEW)


def _fewer(name: str, rival: str, ratio: float, minimum: int) -> Target:
    return Target(
        f"{name}: failed requests v. {rival}", f">= {minimum} times fewer", f"{ratio:.1f} times", ratio >= minimum
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
