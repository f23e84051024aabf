"""The last look of an analysis in a claim's state: a short list, since it is written once a minute."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import Any

from steps.model.looks import Counts, LastLook


def look_body(look: LastLook | None) -> list[Any] | None:
    """Return the look as JSON values, None for none."""
    if look is None:
        return None
    at_risk = -1 if look.at_risk is None else look.at_risk
    return [look.at, look.evidence, at_risk, look.waiting_since, [list(astuple(one)) for one in look.counts]]


def read_look(body: Any) -> LastLook | None:  # noqa: ANN401 - JSON
    """Return the look that `look_body` returned; None for a damaged one, which must not cost the run its claim."""
    try:
        at, evidence, at_risk, waiting_since, counts, *_ = body
        times = float(at), float(evidence), float(waiting_since)
        known = tuple(Counts(str(metric), *map(int, numbers)) for metric, *numbers in counts)
        # A number that is too large for a float raises OverflowError.
        if not all(math.isfinite(number) for number in (*times, at_risk, *_numbers(known))):
            return None
        return LastLook(times[0], times[1], known, None if at_risk < 0 else int(at_risk), times[2])
    except (TypeError, ValueError, OverflowError):
        return None


def _numbers(counts: Iterable[Counts]) -> Iterator[int]:
    for one in counts:
        yield from (one.canary_total, one.canary_bad, one.stable_total, one.stable_bad)
