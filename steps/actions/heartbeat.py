"""Heartbeat: keep a claim alive during a long wait, and notice its loss."""

from steps.model.looks import LastLook
from steps.model.run import Claim
from steps.traffic.traffic import Traffic


class ClaimHeartbeat:
    """Renews a claim at each call of `renew`.

    Args:
        claim: as it was last written.
        traffic: VirtualServices.
        checks_weights: False for actions that return users to stable whatever others wrote.

    Attributes:
        claim: as it was last renewed.
    """

    def __init__(self, claim: Claim, traffic: Traffic, *, checks_weights: bool = True) -> None:
        self.claim = claim
        self._traffic = traffic
        self._checks_weights = checks_weights

    def renew(self, look: LastLook | None = None) -> None:
        """Verify the claim and the weights, and write the renewal if it is due (at most once a minute).

        Args:
            look: what the judge saw last, to be kept with the renewal.

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed the weights.
        """
        claims = self._traffic.claims
        if self._checks_weights:
            self.claim = claims.renew(self.claim, check=self._traffic.own_weights, look=look)
        else:
            self.claim = claims.update_state(self.claim)
