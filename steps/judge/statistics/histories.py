"""Stable's history before each stratum of the canary: the tracker that fits the evidence, and what it saw."""

from collections.abc import Sequence

from steps.judge.statistics.history_tracker import HistoryTracker
from steps.judge.statistics.pods_apart import PodsApart, are_apart
from steps.judge.statistics.stable_history import StableHistory
from steps.judge.statistics.strata import first_exposed
from steps.model.evidence import Stratum


def usual_share(strata: Sequence[Stratum]) -> float:
    """Return the median of stable's bad share (0-1) over strata; 0 for none."""
    shares = sorted(stratum.stable.bad / stratum.stable.total for stratum in strata if stratum.stable.total)
    return shares[len(shares) // 2] if shares else 0.0


def track_history(strata: Sequence[Stratum], exposed: int | None = None) -> HistoryTracker | PodsApart:
    """Return a tracker that has seen the strata before number `exposed`, the canary's first exposure; None: all."""
    past = strata[:exposed]
    tracker: HistoryTracker | PodsApart
    if are_apart(strata):
        tracker = PodsApart(usual_share(past))
    else:
        pods_are_known = any(len(stratum.stable_pods) > 1 for stratum in past[-1:])
        tracker = HistoryTracker(0.0 if pods_are_known else usual_share(past))
    for stratum in past:
        tracker.add(stratum)
    return tracker


def stable_histories(strata: Sequence[Stratum]) -> list[StableHistory]:
    """Return stable's history before each stratum from the canary's first exposure on."""
    exposed = first_exposed(strata)
    tracker, found = track_history(strata, exposed), []
    for stratum in strata[exposed:]:
        found.append(tracker.history)
        tracker.add(stratum)
    return found
