"""What stable's past says before a stratum of the canary is weighed: how its bad requests cling together."""

from typing import Final, NamedTuple

KNOWN_FROM: Final = 20
"""Bad requests of the past from which phi counts as known."""

SOUND_UP_TO: Final = 3
SOUND_SHARE: Final = 0.004
SOUND_SHARE_AT_FIRST: Final = 0.002
SINGLY: Final = 2.0
"""Stable is sound up to so many bad requests of the past, or up to that share of its requests while phi is not known;
once it is known, up to the phi at which they still come singly or in pairs."""

SURE_FROM: Final = 60
SURE_STRATA: Final = 12
"""Bad requests and strata of the past from which a stratum may add more than the usual cap if confirmed."""


class StableHistory(NamedTuple):
    """Stable's past up to one moment.

    Attributes:
        phi: overdispersion, >= 1.
        bad, total: stable's requests.
        strata: number of them.
        length: usual length, in strata, of the bursts of stable's pods; 0 where none was longer than a stratum.
        hazard: chance per stratum that a pod of the canary begins such a burst, where that is exceptional; 1 where it
            is not. Where it is, `phi`, `bad`, `total` and `strata` leave stable's bursts out.
    """

    phi: float
    bad: int = 0
    total: int = 0
    strata: int = 0
    length: float = 0.0
    hazard: float = 1.0

    @property
    def is_quiet(self) -> bool:
        """Whether stable has hardly any bad requests, or some that are known to come singly."""
        if self.known:
            return self.phi <= SINGLY
        share = SOUND_SHARE if self.has_history else SOUND_SHARE_AT_FIRST
        return self.bad <= max(SOUND_UP_TO, share * self.total)

    @property
    def has_history(self) -> bool:
        """Whether stable was seen for so long that a batch of bad requests would probably have come by."""
        return self.strata >= SURE_STRATA

    @property
    def may_raise_cap(self) -> bool:
        """Whether so many bad requests and strata were seen that batches would have shown."""
        return self.bad >= SURE_FROM and self.has_history

    @property
    def known(self) -> bool:
        """Whether enough bad requests were seen to believe `phi`."""
        return self.bad >= KNOWN_FROM
