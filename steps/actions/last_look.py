"""Sum a look of an analysis up in the few numbers that boards and metrics show."""

from collections.abc import Iterator
from typing import Final

from steps.actions.watch_report import Look
from steps.judge.checks.sample_size import count_rung
from steps.model.evidence import Evidence
from steps.model.judgement import Judgement
from steps.model.looks import Counts, LastLook
from steps.model.run import RunState

_DIGITS: Final = ".4g"
_ALL: Final = 100


def sum_up(look: Look, state: RunState | None, limit_seconds: float, before: LastLook | None) -> LastLook:
    """Return the look in few numbers.

    Args:
        look: what was seen.
        state: of the run, None without one.
        limit_seconds: how long a rung may take.
        before: the last look of the same analysis, None at the first: a gate goes on waiting since then.
    """
    since = (before.waiting_since if before else 0.0) or round(look.now, 1)
    return LastLook(
        at=round(look.now, 1),
        evidence=float(format(look.judgement.e_value / look.judgement.e_limit, _DIGITS)),
        counts=tuple(_counts(look.judgement)),
        at_risk=_at_risk(look, state, limit_seconds),
        waiting_since=since if look.gate_progress is not None else 0.0,
    )


def _counts(judgement: Judgement) -> Iterator[Counts]:
    for metric in judgement.metrics:
        for one in metric.series:
            name = f"{metric.name} {one.label}".strip()
            yield Counts(name, one.canary_total, one.canary_bad, one.stable_total, one.stable_bad)


def _at_risk(look: Look, state: RunState | None, limit_seconds: float) -> int | None:
    """Return the requests that the canary gets if every rung that is left takes its whole time; None if unknown."""
    weight = (state.paused_weight or look.weight) if state else look.weight
    whole = _requests_per_second(look.evidence, weight)
    if whole is None or weight is None:
        return None
    left = max(0.0, limit_seconds - (look.now - look.rung_started))
    later = sum(rung for rung in state.ladder if rung > weight) if state else 0
    return round(whole * (weight * left + later * limit_seconds) / _ALL)


def _requests_per_second(evidence: Evidence, weight: int | None) -> float | None:
    """Return the requests of the whole app; beside a baseline, stable's own are not counted."""
    rung = count_rung(evidence)
    if rung.seconds <= 0 or not rung.canary + rung.stable:
        return None
    if not evidence.control:
        return (rung.canary + rung.stable) / rung.seconds
    return rung.canary * _ALL / weight / rung.seconds if weight else None
