"""Heartbeat: keep a claim alive during a long wait, and notice its loss."""

from steps.model.run import Claim
from steps.traffic.traffic import Traffic


class ClaimHeartbeat:
    """Renews a claim at each call of `renew`.

    Args:
        claim: as it was last written.
        traffic: VirtualServices.
        heeds_weights: False for actions that return users to stable whatever others wrote.

    Attributes:
        claim: as it was last renewed.
    """

    def __init__(self, claim: Claim, traffic: Traffic, *, heeds_weights: bool = True) -> None:
        self.claim = claim
        self._traffic = traffic
        self._heeds_weights = heeds_weights

    def renew(self) -> None:
        """Verify the claim and the weights, and write the renewal if it is due (at most once a minute).

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed the weights.
        """
        self.claim = self._traffic.renew(self.claim) if self._heeds_weights else self._traffic.update_state(self.claim)
