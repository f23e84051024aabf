"""What it means when a counter drops: a restart, whose new value is new requests, or a sum that lost a part.

A counter that restarted began at 0 after the previous scrape, so its value is what one scrape adds. A sum over pods
drops by all that the pod ever counted, and the rest is old. So the value after the drop is compared with what the
target's scrapes added so far.
"""

from enum import Enum
from typing import Final

FEW: Final = 20.0
"""Requests that any restarted counter may have at once, whatever its past."""

BURST: Final = 10.0
"""A restarted proxy may get this many times the requests of its busiest scrape at once: callers retry."""

AGAIN: Final = 1.5
"""The same for a counter that dropped only a little: it can only have restarted if it was a scrape or two old."""

RETURNED: Final = 2.0
"""A sum that lost a part and then rises by more than this many usual scrapes has the part back."""

_SLIGHT: Final = 0.01


class Drop(Enum):
    """Meaning of a drop.

    RESTART: the new value is the increase. LOSS: a part of a sum is gone; the increase is unknown. SLIGHT: another
    replica answered, which lags behind; the counter continues from its largest value.
    """

    RESTART = "restart"
    LOSS = "loss"
    SLIGHT = "slight"


def classify_drop(before: float, after: float, usual: float | None) -> Drop:
    """Return what the drop of a target's series in one scrape means.

    Args:
        before: sum of the series that dropped or vanished, in the previous scrape.
        after: sum of the same series now; a vanished series counts 0.
        usual: the most that the target's scrapes added in such a time before; None = unknown.
    """
    if after <= FEW:
        return Drop.RESTART
    if after > before / 2.0:
        if usual is not None and after <= AGAIN * usual:
            return Drop.RESTART
        return Drop.SLIGHT if before - after <= max(usual or 0.0, _SLIGHT * before) else Drop.LOSS
    return Drop.RESTART if usual is None or after <= BURST * usual else Drop.LOSS


def is_recovered_part(rise: float, usual: float | None) -> bool:
    """Return whether a sum rises only because a lost part is back, which adds no new requests."""
    return rise > max(FEW, RETURNED * (usual or 0.0))


def predates_first_sample(value: float, usual: float | None) -> bool:
    """Return whether a series of a sum is older than its first sample: one scrape cannot add so much."""
    return value > max(FEW, BURST * (usual or 0.0))
