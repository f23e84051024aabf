"""The record that stays after a run: JSON of at most 4 kB in `canary-steps.io/last.<app>`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Final

from steps.model.run import Claim, Record, RunState

VERSION: Final = 1
LIMIT_BYTES: Final = 4096

_REASON_CHARACTERS: Final = 600
_TEXT_CHARACTERS: Final = 100


def record_of(
    claim: Claim, outcome: str, reason: str, ended: float, verdict: str | None = None, bake: str = ""
) -> Record:
    """Sum a run up.

    Args:
        claim: as it was last written.
        outcome: `promoted`, `rolled-back`, `undone` or `noop`.
        reason: one sentence.
        ended: unix seconds, the API server's.
        verdict: in place of the one that the last weight has ("" where it has none).
        bake: how the bake ended, "" without one.
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
    )


def verdict_of(state: RunState) -> str:
    """Return the verdict of the last weight that users got, "" if it has none; an earlier weight's is about less."""
    last = next((weight for _, weight in reversed(state.weights) if weight), 0)
    return next((one.verdict for one in state.verdicts if one.weight == last), "")


def dump_record(record: Record) -> str:
    """Return the record as JSON; what is too long loses its middle weights first, then images, then text."""
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
        body["weights"] = tuple((float(at), int(weight)) for at, weight in body.get("weights", ()))
        return Record(**{key: value for key, value in body.items() if key in known})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a record of a run ({type(error).__name__}: {error})") from error


def _text(record: Record) -> str:
    return json.dumps({"version": VERSION, **asdict(record)}, separators=(",", ":"), ensure_ascii=False)


def _shrinking(record: Record) -> Iterator[Record]:
    yield record
    smaller = replace(record, reason=_cut(record.reason, _REASON_CHARACTERS))
    yield smaller
    for kept in (40, 10, 1):
        smaller = replace(smaller, weights=record.weights[:kept] + record.weights[kept:][-kept:])
        yield smaller
    smaller = replace(smaller, images={})
    yield smaller
    yield replace(
        smaller,
        run=_cut(record.run, _TEXT_CHARACTERS),
        outcome=_cut(record.outcome, _TEXT_CHARACTERS),
        verdict=_cut(record.verdict, _TEXT_CHARACTERS),
        reason=_cut(record.reason, _TEXT_CHARACTERS),
        by=_cut(record.by, _TEXT_CHARACTERS),
    )


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
