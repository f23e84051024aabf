"""The signals that a claim is in the way; uncaught they end a step with 7."""

from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim


class ClaimHeld(NotOwnerError):  # noqa: N818 - an event, not a fault
    """Another run's claim is alive.

    Attributes:
        claim: that claim.
    """

    reason = "busy"

    def __init__(self, action: str, claim: Claim, now: float) -> None:
        left = max(0, round(claim.state.expires - now))
        by = f", started by {claim.state.by}" if claim.state.by else ""
        cause = (
            f"run {claim.run} of {claim.app} owns it (phase {claim.phase}{by}); its claim expires in {left} s unless"
            " it is renewed. Wait for its end (--on-busy wait), or roll it back and take over (--on-busy supersede)."
        )
        super().__init__(action, cause)
        self.claim = claim


class ClaimExpired(NotOwnerError):  # noqa: N818 - an event, not a fault
    """A run ended without giving its claim back: restore what it left first (`take_over`).

    Attributes:
        claim: the expired claim.
    """

    reason = "leftover"

    def __init__(self, action: str, claim: Claim, now: float) -> None:
        ago = max(0, round(now - claim.state.expires))
        cause = (
            f"run {claim.run} of {claim.app} left its claim in phase {claim.phase}; it expired {ago} s ago."
            " Run sweep, or prepare, which restores stable first."
        )
        super().__init__(action, cause)
        self.claim = claim


class ClaimCorrupt(PermanentError):  # noqa: N818 - named by what is the matter
    """A claim's annotations are not as we write them."""

    reason = "unreadable-claim"
