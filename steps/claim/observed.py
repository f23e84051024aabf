"""Claims as annotations of VirtualServices show them, and how the copies on several VirtualServices become one claim.

Each VirtualService of a run carries the token and the state of its own last write. The first one in sort order, the
anchor, decides; the copies on the others lead to it, and replace it when it is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from steps.claim.annotations import annotations_of
from steps.claim.errors import ClaimCorrupt
from steps.claim.keys import claim_key, shorten_app, state_key
from steps.claim.state import load_state
from steps.claim.strict_json import shown
from steps.claim.token import Token, parse_token
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import NotOwnerError
from steps.model.run import CLAIM_PREFIX, Claim, ObjectName, RunState


@dataclass(frozen=True, slots=True)
class ObservedClaim:
    """A claim as one VirtualService shows it.

    Args:
        at: the VirtualService.
        app: the claim's application.
        token: its token.
        state: the state as of the last write to this VirtualService.
    """

    at: ObjectName
    app: str
    token: Token
    state: RunState

    @property
    def anchor(self) -> ObjectName:
        """The VirtualService whose state counts."""
        return self.state.targets[0].virtual_service

    def is_part_of(self, claim: Claim) -> bool:
        """Return whether this is the claim, or a remainder of its predecessor after a takeover that was killed."""
        anchor = claim.state.targets[0].virtual_service
        behind = self.at != anchor and self.anchor == anchor and self.token.epoch < claim.epoch
        return behind or self.token.is_of(claim)

    def as_claim(self) -> Claim:
        """Return the claim as this VirtualService shows it."""
        return Claim(self.app, self.token.run, self.token.epoch, self.token.phase, self.state)


def name_of(obj: Object) -> ObjectName:
    """Return an object's name."""
    return ObjectName(str(obj["metadata"].get("namespace") or ""), str(obj["metadata"]["name"]))


def observe_claim(obj: Object, app: str) -> ObservedClaim | None:
    """Return an app's claim as an object shows it, None if there is none.

    Raises:
        ClaimCorrupt: token or state cannot be read.
    """
    present = annotations_of(obj)
    token, text = present.get(claim_key(app)), present.get(state_key(app))
    if token is None:
        return None
    try:
        if text is None:
            raise ValueError(f"annotation {state_key(app)} is missing")  # noqa: TRY301 - handled with the others below
        known, state = load_state(text)
        if shorten_app(known) != shorten_app(app):
            # Handled with the others below, as the missing annotation is.
            raise ValueError(f"annotation {state_key(app)} belongs to {shown(known)}")  # noqa: TRY301
        if all(target.virtual_service != name_of(obj) for target in state.targets):
            raise ValueError(f"annotation {state_key(app)} does not list this VirtualService")  # noqa: TRY301 - as above
        return ObservedClaim(name_of(obj), known, parse_token(token), state)
    except ValueError as error:
        cause = (
            f"annotation {claim_key(app)} is {shown(token)}, but the claim cannot be read: {error}. Set the weights"
            f" by hand, then: kubectl annotate virtualservice -n {name_of(obj).namespace} {name_of(obj).name}"
            f" {claim_key(app)}- {state_key(app)}-"
        )
        raise ClaimCorrupt(f"reading the claim on VirtualService {name_of(obj)}", cause) from error


def not_owner(doing: str, seen: ObservedClaim | None) -> NotOwnerError:
    """Return the error for a claim that another run holds by now, or no run."""
    who = f"run {seen.token.run} holds the claim now." if seen else "no run holds the claim any more."
    return NotOwnerError(doing, who)


def apps_on(obj: Object) -> list[str]:
    """Return the apps (as keys carry them) that have a claim on an object."""
    return sorted(key.removeprefix(CLAIM_PREFIX) for key in annotations_of(obj) if key.startswith(CLAIM_PREFIX))


def assemble_claim(cluster: Cluster, seen: ObservedClaim, known: Mapping[ObjectName, Object]) -> Claim:
    """Return the claim with the phase and state of its anchor.

    If the anchor no longer lists this VirtualService (deleted, released, or claimed again for others), the copy here
    counts as a claim of its own, so that sweep restores this VirtualService, too.

    Args:
        cluster: to read the anchor.
        seen: the claim as one VirtualService shows it.
        known: objects that were read already.
    """
    if seen.anchor == seen.at:
        return seen.as_claim()
    anchor = known.get(seen.anchor) or cluster.find(VIRTUAL_SERVICE, seen.anchor.namespace, seen.anchor.name)
    held = observe_claim(anchor, seen.app) if anchor is not None else None
    if held is not None and any(target.virtual_service == seen.at for target in held.state.targets):
        return held.as_claim()
    here = tuple(target for target in seen.state.targets if target.virtual_service == seen.at)
    return replace(seen.as_claim(), state=replace(seen.state, targets=here))
