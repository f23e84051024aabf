"""The last look of an analysis in a claim's state: a short list, since it is written once a minute."""

import math
from dataclasses import astuple
from typing import Annotated, Any, Final

from pydantic import Field, Strict, TypeAdapter, ValidationError

from steps.claim.fields import Body, Count, Entries, Time, Word, named
from steps.model.looks import Counts, LastLook


def look_body(look: LastLook | None) -> list[Any] | None:
    """Return the look as JSON values; None for none, and for one with an endless number, which JSON does not have."""
    if look is None or not all(map(math.isfinite, (look.at, look.evidence, look.waiting_since))):
        return None
    at_risk = -1 if look.at_risk is None else look.at_risk
    return [look.at, look.evidence, at_risk, look.waiting_since, [list(astuple(one)) for one in look.counts]]


def read_look(body: object) -> LastLook | None:
    """Return the look that `look_body` returned; None for a damaged one, which must not cost the run its claim."""
    try:
        kept = _LOOK.validate_python(body)
    except ValidationError:
        return None
    counts = tuple(Counts(*entry) for entry in kept.counts)
    return LastLook(kept.at, kept.evidence, counts, None if kept.at_risk < 0 else kept.at_risk, kept.waiting_since)


class _Look(Body):
    at: Time
    evidence: Annotated[float, Strict(), Field(allow_inf_nan=False)]
    at_risk: Annotated[int, Strict(), Field(ge=-1, le=2**53)]
    waiting_since: Time
    counts: Annotated[tuple[tuple[Word, Count, Count, Count, Count], ...], *Entries]


_LOOK: Final = TypeAdapter[_Look](Annotated[_Look, named("at", "evidence", "at_risk", "waiting_since", "counts")])
