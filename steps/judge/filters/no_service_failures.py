"""Failures that name no service: whose are they? A gateway counts them if a route leads nowhere (response flag NC).

They may belong to any application behind the same gateway. But a request that the canary lost is missing in its own
counts: a canary that gets all that its weight promises has lost none.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from steps.judge.statistics.exact_tests import DOUBT, lower_tail, upper_tail
from steps.model.evidence import Counts, Evidence, Stratum

_SURE: Final = 1e-3
_LACKS: Final = 2
"""The canary lacks requests if it gets at most this fraction (a half) of what its weight promises."""


def without_no_service(strata: Sequence[Stratum]) -> tuple[Stratum, ...]:
    """Return the strata without these failures: the remaining unattributed ones belong to this application."""
    return tuple(
        replace(one, unattributed=one.unattributed - one.nowhere, nowhere=0) if one.nowhere else one for one in strata
    )


def belong_to_this_app(strata: Sequence[Stratum], evidence: Evidence) -> bool:
    """Return whether the canary surely lacks requests on this rung; also True if there are no such failures."""
    stable, canary, failed = _rung(strata, evidence)
    if not failed:
        return not any(one.nowhere for one in strata)
    part, attributed = (evidence.weight or 0) / 100.0, stable + canary
    return _LACKS * canary <= part * attributed and lower_tail(Counts(attributed, canary), part) < _SURE


def belong_to_another_app(strata: Sequence[Stratum], evidence: Evidence) -> bool:
    """Return whether the canary gets its part on this rung, and would surely get too much if these were its own."""
    stable, canary, failed = _rung(strata, evidence)
    if not failed or not evidence.weight:
        return False
    part, attributed = evidence.weight / 100.0, stable + canary
    is_served = lower_tail(Counts(attributed, canary), part) > DOUBT
    return is_served and upper_tail(Counts(attributed + failed, canary + failed), part) < _SURE


def _rung(strata: Sequence[Stratum], evidence: Evidence) -> tuple[int, int, int]:
    """Return stable's requests, the canary's, and these failures since the present weight was set."""
    rung = [one for one in strata if one.end > evidence.rung_started]
    stable, canary = sum(one.stable.total for one in rung), sum(one.canary.total for one in rung)
    return stable, canary, sum(one.nowhere for one in rung)
