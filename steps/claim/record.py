"""The record of a finished run as JSON of at most 4 kB, in `canary-steps.io/last.<app>`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Final

from steps.model.run import Record

VERSION: Final = 1
LIMIT_BYTES: Final = 4096

_REASON_CHARACTERS: Final = 600
_TEXT_CHARACTERS: Final = 100


def dump(record: Record) -> str:
    """Return the record as JSON; what is too long loses its middle weights first, then images, then text."""
    return next(text for text in map(_text, _shrinking(record)) if len(text.encode()) <= LIMIT_BYTES)


def load(text: str) -> Record:
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
