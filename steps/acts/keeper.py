"""Keeper: holds a claim through a long wait, renewing it as often as it is asked and noticing its loss."""

from steps.model.run import Claim
from steps.traffic.traffic import Traffic


class Keeper:
    """A claim that stays alive.

    Attributes:
        claim: as it was last renewed.
    """

    def __init__(self, claim: Claim, traffic: Traffic) -> None:
        self.claim = claim
        self._traffic = traffic

    def renew(self) -> None:
        """Verify the claim and the weights, and write the renewal where it is due (at most once a minute).

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed the weights.
        """
        self.claim = self._traffic.renew(self.claim)
