"""What stable's history says before a stratum of the canary is weighed: how its bad requests come in batches."""

from typing import Final, NamedTuple

ESTIMATED_FROM_BAD: Final = 20
"""Bad requests in the history from which phi counts as estimated."""

QUIET_BAD: Final = 3
QUIET_SHARE: Final = 0.004
QUIET_SHARE_AT_FIRST: Final = 0.002
QUIET_PHI: Final = 2.0
"""While phi is not estimated, stable is quiet up to so many bad requests in its history, or up to that share of its
requests; afterwards up to the phi at which bad requests still come one or two at a time."""

RAISE_FROM_BAD: Final = 60
HISTORY_STRATA: Final = 12
"""Bad requests and strata in the history from which a stratum may add more than the usual cap if confirmed."""


class StableHistory(NamedTuple):
    """Stable's history up to one moment.

    Attributes:
        phi: overdispersion, >= 1.
        bad, total: stable's requests.
        strata: number of them.
        burst_length: usual length, in strata, of the bursts of stable's pods; 0 if none was longer than a stratum.
        burst_hazard: chance per stratum that a pod of the canary begins such a burst, if bursts are exceptional; 1 if
            they are not. If they are, `phi`, `bad`, `total` and `strata` leave stable's bursts out.
        habit: usual bad share of stable's worst pod, in times of an ordinary pod's, >= 1: a pod of the canary may have
            got such a node, or such clients. 1 where pods are not distinguished.
        habit_share: the largest usual bad share of any of stable's pods (0-1), 0 where pods are not distinguished.
    """

    phi: float
    bad: int = 0
    total: int = 0
    strata: int = 0
    burst_length: float = 0.0
    burst_hazard: float = 1.0
    habit: float = 1.0
    habit_share: float = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether stable has hardly any bad requests, or some that are known to come one or two at a time."""
        if self.phi_is_estimated:
            return self.phi <= QUIET_PHI
        share = QUIET_SHARE if self.has_history else QUIET_SHARE_AT_FIRST
        return self.bad <= max(QUIET_BAD, share * self.total)

    @property
    def has_history(self) -> bool:
        """Whether stable was observed for so long that a batch of bad requests would probably have occurred."""
        return self.strata >= HISTORY_STRATA

    @property
    def may_raise_cap(self) -> bool:
        """Whether so many bad requests and strata were seen that batches would have shown."""
        return self.bad >= RAISE_FROM_BAD and self.has_history

    @property
    def phi_is_estimated(self) -> bool:
        """Whether enough bad requests were seen to trust `phi`."""
        return self.bad >= ESTIMATED_FROM_BAD
