"""The minimum power of a pass: `must_detect` requires that a rise to this share would have been caught."""

from collections.abc import Callable
from typing import Final

from steps.judge.power.detectable_effect import forecast
from steps.judge.rules import Rules
from steps.judge.wording import waits
from steps.model.evidence import Evidence

_LONGEST: Final = 7 * 86400.0
_HALVINGS: Final = 10


def insufficient_power(
    evidence: Evidence, detectable: float | None, rules: Rules, seconds: float, *, deadline_reached: bool
) -> str | None:
    """Return the sentence for a power that does not suffice, or None.

    Args:
        evidence: for the expected traffic.
        detectable: smallest share (0-1) that would have been caught so far, None = not even a total failure.
        rules: `must_detect`.
        seconds: time since the canary got its first traffic.
        deadline_reached: there is no more time to wait.
    """
    if rules.must_detect >= 1.0 or (detectable is not None and detectable <= rules.must_detect):
        return None
    # A forecast takes as long as a judgement, so only the last judgement, which people read, has one.
    more = _more(evidence, detectable, rules, seconds) if detectable is not None and deadline_reached else None
    return waits.low_power(detectable, rules.must_detect, more, deadline_reached=deadline_reached)


def _more(evidence: Evidence, detectable: float, rules: Rules, seconds: float) -> float | None:
    """Return roughly how many more seconds are needed at this traffic and weight; None if nothing tells.

    The time so far is scaled by the ratio of two forecasts, for the required share and for the present one: what a
    forecast does not know, such as bursts of stable, makes both longer in the same way.
    """

    def ratio(length: float) -> float | None:
        found = forecast(evidence, rules, length)
        return None if found is None else found.ratio

    now, then = _time(ratio, detectable), _time(ratio, rules.must_detect)
    if now is None or then is None or seconds <= 0:
        return None
    return max(0.0, seconds * (then / now - 1.0))


def _time(ratio: Callable[[float], float | None], share: float) -> float | None:
    """Return the shortest time in seconds after which the forecast reaches `share`, by bisection of its logarithm."""

    def reached(length: float) -> bool:
        found = ratio(length)
        return found is not None and found <= share

    low, high = 1.0, _LONGEST
    if not reached(high):
        return None
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
