"""The record that stays after a run: JSON of at most 4 kB in `canary-steps.io/last.<app>`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any, Final

from steps.claim.state import read_state, state_body
from steps.model.run import Claim, Promotion, Record, RunState, WorkloadState

VERSION: Final = 1
LIMIT_BYTES: Final = 4096

_REASON_CHARACTERS: Final = 600
_TEXT_CHARACTERS: Final = 100
_TEXTS: Final = ("run", "outcome", "verdict", "reason", "by", "bake", "undoes", "hotfix")


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
    try:
        body = json.loads(text)
        if body.pop("version") != VERSION:
            raise ValueError("the record was written by another version")
        known = {field.name for field in fields(Record)}
        body |= {name: str(body[name]) for name in _TEXTS if name in body}
        body["images"] = {str(name): str(image) for name, image in body.get("images", {}).items()}
        body["weights"] = tuple((float(at), int(weight)) for at, weight in body.get("weights", ()))
        body["promotion"] = _read_promotion(body.get("promotion"))
        return Record(**{key: value for key, value in body.items() if key in known})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a record of a run ({type(error).__name__}: {error})") from error


def _text(record: Record) -> str:
    body = {"version": VERSION, **asdict(replace(record, promotion=None))}
    for name in ("undoes", "promotion", "rescued", "hotfix"):
        if not body[name]:
            del body[name]
    if record.promotion is not None:
        body["promotion"] = _promotion_body(record.promotion)
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _promotion_body(promotion: Promotion) -> dict[str, Any]:
    return {"run": promotion.run, "ended": promotion.ended, "state": state_body(promotion.state)}


def _read_promotion(body: Any) -> Promotion | None:  # noqa: ANN401 - JSON
    """Return the promotion of a record, None if it has none or a damaged one: the rest can still be reported."""
    try:
        return Promotion(str(body["run"]), float(body["ended"]), read_state(body["state"]))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
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
