"""Outages that both arms share: one that reaches the canary a scrape before stable says nothing about the canary.

A cause outside of both versions (a database, a network) seldom reaches all pods in the same second. So before evidence
counts, stable's neighbouring scrapes are looked at: the one before, and the two after as far as they are there already.
What this leaves out only lowers the evidence, so it stays valid; evidence of the newest scrapes may be withdrawn by the
next ones.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Counts, Stratum

_BEFORE, _AFTER = 1, 2
"""Strata next to one of the canary in which stable may show the same outage."""

_AS_BAD: Final = 0.5
"""Stable shares an outage if it fails at least this part of what the canary fails,"""

_TIMES: Final = 3.0
"""and so many times what its past lets one expect,"""

OUTAGE_BAD: Final = 6
"""in at least so many requests: fewer may be one batch."""

_KNOWN_STRATA: Final = 3
"""Strata from which stable's past says what is usual."""


def is_shared_outage(canary: Counts, strata: Sequence[Stratum], index: int, history: StableHistory) -> bool:
    """Return whether stable fails like the canary of stratum number `index` in a stratum next to it.

    Args:
        canary: its requests in that stratum, OUTAGE_BAD of them bad or more.
        strata: of the series, in order of time.
        index: of the stratum.
        history: stable's before it.
    """
    if history.strata < _KNOWN_STRATA:
        return False
    usual = history.bad / history.total if history.total else 0.0
    limit = max(_AS_BAD * canary.bad / canary.total, _TIMES * usual)
    near = strata[max(0, index - _BEFORE) : index + 1 + _AFTER]
    return any(_is_outage(stratum.stable, limit) for stratum in near)


def _is_outage(stable: Counts, limit: float) -> bool:
    return stable.bad >= OUTAGE_BAD and stable.bad >= limit * stable.total
