"""Samples of our series, from claims and records as a list of releases has them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from steps.model.listing import ListedApp
from steps.model.looks import LastLook
from steps.model.run import Claim, Phase, Record, RunState
from steps.outputs.metrics import series
from steps.outputs.metrics.series import Series
from steps.outputs.trials import followed

_PHASES: Final = (series.IDLE, *(str(phase) for phase in Phase if phase is not Phase.DONE))
_OUTCOMES: Final = frozenset({"promoted", "rolled-back", "undone", "noop"})
_LONGEST: Final = 120
"""Characters of a label's value: annotations may hold anything."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a series.

    Args:
        series: the metric.
        labels: values in the order of the metric's labels.
        value: finite.
    """

    series: Series
    labels: tuple[str, ...]
    value: float


def samples_of(apps: Iterable[ListedApp]) -> list[Sample]:
    """Return the samples of these apps, each series and set of labels once; numbers that are not finite are left out.

    An app that is listed on several VirtualServices counts once: the one with a claim, else the one whose record is
    the newest.
    """
    chosen: dict[tuple[str, str], ListedApp] = {}
    for one in apps:
        place = _label(one.namespace), _label(one.app)
        if place not in chosen or _rank(one) > _rank(chosen[place]):
            chosen[place] = one
    found = (sample for place, one in chosen.items() for sample in _of_app(place, one))
    return [sample for sample in found if math.isfinite(sample.value)]


def _rank(app: ListedApp) -> tuple[bool, bool, float]:
    return app.claim is not None, app.is_claim_unreadable, app.record.ended if app.record else 0.0


def _of_app(place: tuple[str, str], app: ListedApp) -> Iterator[Sample]:
    phase = "" if app.is_claim_unreadable and app.claim is None else str(app.claim.phase) if app.claim else series.IDLE
    yield Sample(series.UNREADABLE, place, float(bool(app.unreadable)))
    if phase:
        yield from (Sample(series.PHASE, (*place, name), float(name == phase)) for name in _PHASES)
        yield Sample(series.WEIGHT, place, _percent(app.claim.state.weight) if app.claim else 0.0)
        yield Sample(series.HOTFIX, place, float(app.claim is not None and bool(app.claim.state.hotfix)))
        yield Sample(series.WAITING, place, float(app.claim is not None and waiting_since(app.claim) > 0))
    if app.claim is not None:
        yield from _of_claim(place, app.claim)
    elif app.look is not None:
        yield from _of_look(place, app.look)
    if app.record is not None:
        yield from _of_record(place, app.record)


def _of_claim(place: tuple[str, str], claim: Claim) -> Iterator[Sample]:
    state = claim.state
    yield Sample(series.RUN_INFO, (*place, _label(claim.run)), 1.0)
    yield Sample(series.RUNG, place, float(rung_of(state)))
    yield Sample(series.RUNGS, place, float(len(state.ladder)))
    yield Sample(series.RUN_START, place, state.started)
    yield Sample(series.CLAIM_EXPIRY, place, state.expires)
    yield Sample(series.TRIAL, place, len(followed(state.trials, state.weights)) + 1.0)
    yield Sample(series.TRIAL_FAILED, place, float(sum(one.excess for one in state.trials)))
    if since := waiting_since(claim):
        yield Sample(series.WAITING_SINCE, place, since)
    if state.look is not None:
        yield from _of_look(place, state.look)


def _of_look(place: tuple[str, str], look: LastLook) -> Iterator[Sample]:
    yield Sample(series.EVIDENCE, place, look.evidence)
    yield Sample(series.JUDGED_AT, place, look.at)
    if look.at_risk is not None:
        yield Sample(series.AT_RISK, place, float(look.at_risk))
    for count in {_label(count.metric): count for count in look.counts}.values():
        metric = _label(count.metric)
        yield Sample(series.REQUESTS, (*place, metric, "canary"), float(count.canary_total))
        yield Sample(series.REQUESTS, (*place, metric, "stable"), float(count.stable_total))
        yield Sample(series.BAD_REQUESTS, (*place, metric, "canary"), float(count.canary_bad))
        yield Sample(series.BAD_REQUESTS, (*place, metric, "stable"), float(count.stable_bad))


def _of_record(place: tuple[str, str], record: Record) -> Iterator[Sample]:
    outcome = record.outcome if record.outcome in _OUTCOMES else "other"
    yield Sample(series.LAST_END, (*place, outcome), record.ended)
    yield Sample(series.LAST_DURATION, (*place, outcome), record.ended - record.started)
    yield Sample(series.LAST_RESCUED, place, float(bool(record.rescued)))
    yield Sample(series.LAST_ALARMS, place, float(len(followed(record.trials, record.weights))))


def rung_of(state: RunState) -> int:
    """Return the number of the present weight in the ladder, 0 before the first; a paused weight counts as present."""
    weight = state.paused_weight or state.weight
    return sum(1 for rung in state.ladder if rung <= weight) if weight else 0


def waiting_since(claim: Claim) -> float:
    """Return since when a gate waits for a person (unix seconds), 0 if none does.

    A gate leaves no trace of its end but what follows it: a verdict, another weight, another phase.
    """
    state, look = claim.state, claim.state.look
    if look is None or claim.phase is not Phase.WALKING:
        return 0.0
    is_at_weight = look.at >= max((at for at, _ in state.weights), default=0.0)
    is_undecided = look.at > max((one.at for one in state.verdicts), default=0.0)
    return look.waiting_since if is_at_weight and is_undecided else 0.0


def _percent(weight: int) -> float:
    return min(max(weight, 0), 100) / 100


def _label(text: object) -> str:
    """Return a label's value that can be written as UTF-8 and is not too long."""
    return str(text).encode("utf-8", "replace").decode()[:_LONGEST]


def board_sample(*, is_up: bool) -> Sequence[Sample]:
    """Return what the board says about itself: whether it can read the VirtualServices."""
    return [Sample(series.BOARD_UP, (), float(is_up))]
