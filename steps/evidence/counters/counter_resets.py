"""What a fall of a counter means: a restart, whose new value is new requests, or a sum that lost a part.

A counter that restarted began at 0 after the scrape before, so that its value is what one scrape brings. A sum over
pods falls by all that the pod ever counted, and what is left is old. So the value after the fall is compared with what
the target's scrapes brought so far.
"""

from enum import Enum
from typing import Final

FEW: Final = 20.0
"""Requests that any restarted counter may have at once, whatever went before."""

BURST: Final = 10.0
"""A restarted proxy may at once get so many times as many requests as in the busiest scrape: callers try again."""

AGAIN: Final = 1.5
"""The same where the counter hardly fell: only one that is itself a scrape or two old can have restarted so."""

RETURNED: Final = 2.0
"""A sum that lost a part before and rises by more than this has got the part back."""

_SLIGHT: Final = 0.01


class Drop(Enum):
    """Reading of a fall.

    RESTART: the new value is the increase. LOSS: a part of a sum is gone; the increase cannot be told. SLIGHT: another
    replica answered that lags behind; the counter goes on from its largest value.
    """

    RESTART = "restart"
    LOSS = "loss"
    SLIGHT = "slight"


def classify_drop(before: float, after: float, usual: float | None) -> Drop:
    """Read the fall of a target's series in one scrape.

    Args:
        before: sum of the series that fell or vanished, in the scrape before.
        after: sum of the same series now; what vanished is 0.
        usual: the most that the target's scrapes brought in such a time before; None = never seen.
    """
    if after <= FEW:
        return Drop.RESTART
    if after > before / 2.0:
        if usual is not None and after <= AGAIN * usual:
            return Drop.RESTART
        return Drop.SLIGHT if before - after <= max(usual or 0.0, _SLIGHT * before) else Drop.LOSS
    return Drop.RESTART if usual is None or after <= BURST * usual else Drop.LOSS


def is_recovered_part(rise: float, usual: float | None) -> bool:
    """Tell whether a sum rises only because a part that it had lost is back; that brings no new requests."""
    return rise > max(FEW, RETURNED * (usual or 0.0))


def predates_first_sample(value: float, usual: float | None) -> bool:
    """Tell whether a series of a sum is older than its first sample: so much did not come in one scrape."""
    return value > max(FEW, BURST * (usual or 0.0))
