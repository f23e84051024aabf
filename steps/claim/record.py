"""The record that stays after a run: JSON of at most 4 kB in `canary-steps.io/last.<app>`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from steps.claim.fields import Body, Entries, Epoch, FewKeys, Percent, Sentence, Time, first_error
from steps.claim.state import read_state, state_body
from steps.claim.strict_json import check_version, read_json, sendable
from steps.claim.trials import Trials, read_trials, trials_body
from steps.model.run import Claim, Promotion, Record, RunState, WorkloadState

VERSION: Final = 1
LIMIT_BYTES: Final = 4096

_REASON_CHARACTERS: Final = 600
_TEXT_CHARACTERS: Final = 100


def record_of(
    claim: Claim,
    outcome: str,
    reason: str,
    ended: float,
    verdict: str | None = None,
    *,
    bake: str = "",
    promotion: Promotion | None = None,
) -> Record:
    """Sum a run up.

    Args:
        claim: as it was last written.
        outcome: `promoted`, `rolled-back`, `undone` or `noop`.
        reason: one sentence.
        ended: unix seconds, the API server's.
        verdict: in place of the one that the last weight has ("" where it has none).
        bake: how the bake ended, "" without one.
        promotion: what an undo of this run would revert.
    """
    state = claim.state
    return Record(
        run=claim.run,
        epoch=claim.epoch,
        outcome=outcome,
        verdict=verdict_of(state) if verdict is None else verdict,
        reason=reason,
        started=state.started,
        ended=round(ended, 1),  # as `started` is, or a short run would end before it began
        weights=state.weights,
        images=dict(state.pin.digests) if state.pin else {},
        by=state.by,
        bake=bake,
        undoes=state.undoes,
        promotion=promotion,
        rescued=state.rescued,
        hotfix=state.hotfix,
        trials=state.trials,
    )


def promotion_of(claim: Claim, workloads: WorkloadState, ended: float) -> Promotion:
    """Return what an undo of a promoted run needs to know.

    Args:
        claim: of the run, as it was last written.
        workloads: its Deployments, with the fingerprint of the promoted template.
        ended: unix seconds, the API server's.
    """
    state = claim.state
    pin = replace(state.pin, digests={}) if state.pin else None
    kept = RunState(
        state.started,
        state.expires,
        state.targets,
        state.stable,
        state.canary,
        workloads=workloads,
        pin=pin,
        hotfix=state.hotfix,
    )
    return Promotion(claim.run, round(ended, 1), kept)


def with_promotion(record: Record, earlier: Record | None) -> Record:
    """Return the record of a run that ended, with the promotion that can still be undone after it.

    A run that was neither promoted nor an undo changed nothing about the promotion before it.
    """
    if earlier is None or record.outcome in {"promoted", "undone"}:
        return record
    return replace(record, promotion=earlier.promotion)


def verdict_of(state: RunState) -> str:
    """Return the verdict of the last weight that users got, "" if it has none; an earlier weight's is about less."""
    last = next((weight for _, weight in reversed(state.weights) if weight), 0)
    return next((one.verdict for one in state.verdicts if one.weight == last), "")


def dump_record(record: Record) -> str:
    """Return the record as JSON; what is too long loses its middle weights first, then images, then text.

    What undo needs goes last: the names of routes, which the destinations lead to as well, then all of it.
    """
    return next(text for text in map(_text, _shrinking(record)) if len(text.encode()) <= LIMIT_BYTES)


def load_record(text: str) -> Record:
    """Return the record.

    Raises:
        ValueError: not a record of this version.
    """
    body = read_json(text, 4 * LIMIT_BYTES)
    check_version(body, VERSION)
    try:
        kept = _Record.model_validate(body)
    except ValidationError as error:
        raise first_error(error) from error
    more = {"promotion": _read_promotion(kept.promotion), "trials": read_trials(kept.trials)}
    return Record(**{**kept.fields(), **more})


class _Record(Body):
    """The fields of `Record`, as an annotation may have them; long texts were cut, so `run` is not always a name."""

    run: Sentence
    epoch: Epoch
    outcome: Sentence
    reason: Sentence
    started: Time
    ended: Time
    verdict: Sentence = ""
    weights: Annotated[tuple[tuple[Time, Percent], ...], *Entries] = ()
    images: Annotated[dict[Sentence, Sentence], FewKeys] = Field(default_factory=dict)
    by: Sentence = ""
    bake: Sentence = ""
    undoes: Sentence = ""
    promotion: Any = None
    rescued: Sentence = ""
    hotfix: Sentence = ""
    trials: Trials = ()


class _Promotion(Body):
    run: Sentence
    ended: Time
    state: Any


def _text(record: Record) -> str:
    body = {"version": VERSION, **asdict(replace(record, promotion=None)), "trials": trials_body(record.trials)}
    for name in ("undoes", "promotion", "rescued", "hotfix", "trials"):
        if not body[name]:
            del body[name]
    if record.promotion is not None:
        body["promotion"] = _promotion_body(record.promotion)
    return sendable(json.dumps(body, separators=(",", ":"), ensure_ascii=False))


def _promotion_body(promotion: Promotion) -> dict[str, Any]:
    return {"run": promotion.run, "ended": promotion.ended, "state": state_body(promotion.state)}


def _read_promotion(body: object) -> Promotion | None:
    """Return the promotion of a record, None if it has none or a damaged one: the rest can still be reported."""
    try:
        kept = _Promotion.model_validate(body)
        return Promotion(kept.run, kept.ended, read_state(kept.state))
    except ValueError:  # pydantic's ValidationError is one
        return None


def _shrinking(record: Record) -> Iterator[Record]:
    yield record
    smaller = replace(record, reason=_cut(record.reason, _REASON_CHARACTERS))
    yield smaller
    for kept in (40, 10, 1):
        smaller = replace(smaller, weights=record.weights[:kept] + record.weights[kept:][-kept:])
        yield smaller
    smaller = replace(smaller, images={})
    yield smaller
    smaller = replace(
        smaller, trials=tuple(replace(one, reason=_cut(one.reason, _TEXT_CHARACTERS)) for one in record.trials)
    )
    yield smaller
    smaller = replace(
        smaller,
        run=_cut(record.run, _TEXT_CHARACTERS),
        outcome=_cut(record.outcome, _TEXT_CHARACTERS),
        verdict=_cut(record.verdict, _TEXT_CHARACTERS),
        reason=_cut(record.reason, _TEXT_CHARACTERS),
        by=_cut(record.by, _TEXT_CHARACTERS),
        undoes=_cut(record.undoes, _TEXT_CHARACTERS),
        rescued=_cut(record.rescued, _TEXT_CHARACTERS),
        hotfix=_cut(record.hotfix, _TEXT_CHARACTERS),
    )
    yield smaller
    if record.promotion is not None:
        yield replace(smaller, promotion=_without_routes(record.promotion))
    yield replace(smaller, promotion=None)


def _without_routes(promotion: Promotion) -> Promotion:
    targets = tuple(replace(target, routes=()) for target in promotion.state.targets)
    return replace(promotion, state=replace(promotion.state, targets=targets))


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
