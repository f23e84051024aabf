"""Errors about claims: held by another run (7), expired (7), or unreadable (4)."""

from steps.claim.expiry import why_expired
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim

_ON_BUSY = "Wait for its end (--on-busy wait), or roll it back and take over (--on-busy supersede)."


class ClaimHeld(NotOwnerError):  # noqa: N818 - an event, not a fault
    """Another run's claim is alive.

    Attributes:
        claim: that claim.

    Args:
        action: what the step was doing.
        claim: that claim.
        now: unix seconds, the API server's.
        remedy: what helps, in place of the flags of prepare.
    """

    reason = "busy"

    def __init__(self, action: str, claim: Claim, now: float, remedy: str = "") -> None:
        left = max(0, round(claim.state.expires - now))
        by = f", started by {claim.state.by}" if claim.state.by else ""
        cause = (
            f"run {claim.run} of {claim.app} owns it (phase {claim.phase}{by}); its claim expires in {left} s unless"
            f" it is renewed. {remedy or _ON_BUSY}"
        )
        super().__init__(action, cause)
        self.claim = claim


class ClaimExpired(NotOwnerError):  # noqa: N818 - an event, not a fault
    """A run ended without releasing its claim: first restore what it left (`take_over`).

    Attributes:
        claim: the expired claim.
    """

    reason = "leftover"

    def __init__(self, action: str, claim: Claim, now: float) -> None:
        cause = (
            f"run {claim.run} of {claim.app} left its claim in phase {claim.phase}; {why_expired(claim.state, now)}."
            " Run sweep, or prepare, which restores stable first."
        )
        super().__init__(action, cause)
        self.claim = claim


class DeploymentHeld(NotOwnerError):  # noqa: N818 - an event, not a fault
    """Another run's token is on a Deployment, and whether that run lives cannot be found out."""

    reason = "busy"


class LostDeployment(NotOwnerError):  # noqa: N818 - an event, not a fault
    """A Deployment does not carry the token of the run that wants to write it, so it is not written.

    Attributes:
        deployment: its name with the namespace.
        carried: the token that it carries, None for none.
    """

    def __init__(self, action: str, cause: str, deployment: str, carried: str | None) -> None:
        super().__init__(action, cause)
        self.deployment, self.carried = deployment, carried


class ClaimCorrupt(PermanentError):  # noqa: N818 - named after the fault
    """The annotations of a claim cannot be read."""

    reason = "unreadable-claim"
