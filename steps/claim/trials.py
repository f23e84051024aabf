"""The trials of a run in its state and its record: short lists, at most a few."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Annotated, Any, Final

from pydantic import FailFast, Field

from steps.claim.fields import Body, Count, Flag, Percent, Sentence, Time, Word, named
from steps.model.trials import MOST_CHARACTERS, Trial

_MOST: Final = 20
"""Far more than a run ever has; a stranger's list may be longer."""


class _Trial(Body):
    at: Time
    weight: Percent
    code: Word
    reason: Annotated[Sentence, Field(max_length=4 * MOST_CHARACTERS)]
    metric: Word = ""
    excess: Count = 0
    next_weight: Percent = 0
    shared: Flag | None = None
    judged_until: Time = 0.0


_NAMES: Final = ("at", "weight", "code", "reason", "metric", "excess", "next_weight", "shared", "judged_until")

Trials = Annotated[
    tuple[Annotated[_Trial, named(*_NAMES)], ...],
    FailFast(),
    Field(max_length=_MOST),
]
"""As an annotation may have them."""


def trials_body(trials: Sequence[Trial]) -> list[list[Any]]:
    """Return the trials as JSON values."""
    return [list(astuple(one)) for one in trials]


def read_trials(kept: Sequence[Any]) -> tuple[Trial, ...]:
    """Return the trials of a checked list."""
    return tuple(Trial(**one.fields()) for one in kept)
