"""The trials of a run: each ended with an alarm against the canary, after which all users went back to stable."""

from dataclasses import dataclass
from typing import Final

MOST_CHARACTERS: Final = 300
"""Of a trial's reason: a claim and a record keep it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that ended with an alarm.

    Args:
        at: when the users went back, unix seconds by the API server.
        weight: at which the alarm came, percent, 1-100.
        code: the alarm's reason for programs, see `ReasonCode`.
        reason: one sentence, at most `MOST_CHARACTERS`.
        metric: that the alarm is about; "" for pods and probes.
        excess: the canary's failed requests in this trial beyond those that stable's rate explains (>= 0).
        next_weight: with which the next trial begins, percent; 0 = the lowest rung.
        shared: whether stable failed too right after the alarm; None while that is not known yet.
        judged_until: end of the last scrape interval that was judged, unix seconds; 0 where no scrape was. It may come
            after `at`: the interval goes on after its scrape.
    """

    at: float
    weight: int
    code: str
    reason: str
    metric: str = ""
    excess: int = 0
    next_weight: int = 0
    shared: bool | None = None
    judged_until: float = 0.0
