"""How a run begins: it looks for others, claims the VirtualServices, and takes the Deployments."""

from __future__ import annotations

from tests.schedules.model.actor import Actor, Left, Lost, Result, Step, owns, require_anchor, with_deployment
from tests.schedules.model.cluster import PREPARED, ROLLING_BACK, Deployed, Objects


def find(objects: Objects, me: Actor) -> Result:
    """Look for a claim of another run: recover an expired one, supersede a living one, or end."""
    held = objects.anchor.token
    if held is None or held.owner == me.name:
        return objects, me
    if objects.expired or me.kind == "rival":
        return objects, me._replace(program="recover", at=0)
    raise Left


def claim_anchor(objects: Objects, me: Actor) -> Result:
    """Claim the anchor, if nobody has: the epoch is higher than that of any run before, and of any token."""
    if objects.anchor.token is not None:
        return (objects, me) if owns(objects.anchor.token, me) else find(objects, me)
    marked = [one.token.epoch for one in (objects.stable, objects.canary) if one.token is not None]
    me = me._replace(epoch=1 + max(objects.record, *marked, 0), phase=PREPARED)
    claimed = objects.anchor._replace(token=me.token)
    return objects._replace(anchor=claimed, expired=False, promoting=False, known=False), me


def claim_second(objects: Objects, me: Actor) -> Result:
    """Claim the other VirtualService."""
    if objects.second.token is not None:
        if owns(objects.second.token, me):
            return objects, me
        raise Lost
    if require_anchor(objects, me).phase != PREPARED:  # the run was ended by its own rollback, or taken over
        raise Lost
    return objects._replace(second=objects.second._replace(token=me.token)), me


def renew(objects: Objects, me: Actor) -> Result:
    """Test that the claim is its own in the phase that it knows, and move the expiry on."""
    if require_anchor(objects, me).phase != me.phase:
        raise Lost
    return objects._replace(expired=False), me


def know(objects: Objects, me: Actor) -> Result:
    """Note on the anchor which Deployments there are; that renews the claim."""
    objects, me = renew(objects, me)
    return objects._replace(known=True), me._replace(knows=True)


def own_second(objects: Objects, me: Actor) -> Result:
    """Test that the other VirtualService carries the claim, too."""
    if not owns(objects.second.token, me):
        raise Lost
    return objects, me


def read(objects: Objects, me: Actor) -> Result:
    """Test that the claim is its own and still goes forward; a step of a pipeline begins with this."""
    if require_anchor(objects, me).phase == ROLLING_BACK:
        raise Lost
    return objects, me


def take(name: str) -> Step:
    """Return the step that puts the token on a Deployment whose former claim is over."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        token = deployed.token
        if token == me.token:
            return objects, me
        if token is not None and (token.epoch >= me.epoch or objects.anchor.token == token):
            raise Lost
        return with_deployment(objects, name, deployed._replace(token=me.token)), me

    return step


def or_give_back(step: Step) -> Step:
    """Return a step of a beginning: a run that lost its claim takes off what it put on Deployments too late."""

    def guarded(objects: Objects, me: Actor) -> Result:
        try:
            return step(objects, me)
        except Lost:
            return objects, me._replace(program="give-back", at=0)

    return guarded


def launch(objects: Objects, me: Actor) -> Result:
    """Give the canary the new template, under the own token."""
    if not owns(objects.canary.token, me):
        raise Lost
    return objects._replace(stable=objects.stable._replace(on=False)), me
