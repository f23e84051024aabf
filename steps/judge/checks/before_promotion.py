"""Before the promotion: could the canary still be far above an objective, and its few requests have been lucky?

The other questions look for what speaks against the canary. A canary that fails some percent may pass several rungs of
some fifty requests by luck; each rung alone exposes few users, but after the last one all users get its version.
"""

from typing import Final

from steps.judge.checks.objective import Objective, exceeds
from steps.judge.statistics.exact_tests import lower_tail
from steps.judge.statistics.windows import windows
from steps.model.evidence import Counts

_LUCK: Final = 0.0005
"""Chance at which luck is ruled out. It is asked after every scrape, so about twice as many canaries have that luck."""


def not_ruled_out(objective: Objective, share: float, rung_started: float) -> Counts | None:
    """Return the canary's counts at this weight if it may still have this share of bad requests, else None.

    The present rung or the whole run may rule it out. Nothing is asked while stable is beyond doubt above the
    objective on the rung: other questions hold the canary back then.

    Args:
        objective: with its strata, history included.
        share: of bad requests (0-1); 1 or more is always ruled out.
        rung_started: when the present weight was set, unix seconds.
    """
    seen = [window for window in windows(objective.series.strata, rung_started) if not window.last]
    if share >= 1 or not seen or not seen[0].present:
        return None
    rung = seen[0]
    if exceeds(rung.stable, objective.allowed):
        return None
    if any(lower_tail(window.canary, share) < _LUCK for window in seen):
        return None
    return rung.canary
