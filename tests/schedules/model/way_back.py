"""The way back: the users first, then the Deployments."""

from __future__ import annotations

from tests.schedules.model.actor import Actor, Left, Lost, Result, Step, is_ours, owns, require_anchor, with_deployment
from tests.schedules.model.beginning import renew
from tests.schedules.model.cluster import PROMOTING, ROLLING_BACK, Deployed, Objects, Routed
from tests.schedules.model.owned_writes import switch


def take_over(objects: Objects, me: Actor) -> Result:
    """Take the claim of another run over: next epoch, rolling back, and the users return, in one patch."""
    held = objects.anchor.token
    if held is None:
        raise Lost
    if held.owner == me.name:
        return objects, me
    if not objects.expired and me.kind != "rival":
        raise Lost
    me = me._replace(epoch=held.epoch + 1, phase=ROLLING_BACK, knows=objects.known)
    promoting = objects.promoting or held.phase == PROMOTING
    return objects._replace(anchor=Routed(me.token), expired=False, promoting=promoting), me


def take_over_second(objects: Objects, me: Actor) -> Result:
    """Let the other VirtualService follow, if it belongs to an earlier owner of the claim."""
    token = objects.second.token
    if token is None or token.epoch >= me.epoch:
        return objects, me
    return objects._replace(second=Routed(me.token)), me


def retreat_anchor(objects: Objects, me: Actor) -> Result:
    """Return the users of the own run, from any phase."""
    held = require_anchor(objects, me)
    promoting = objects.promoting or held.phase == PROMOTING
    me = me._replace(phase=ROLLING_BACK, knows=objects.known)
    after = Routed(me.token)
    if after == objects.anchor:
        return objects, me
    return objects._replace(anchor=after, expired=False, promoting=promoting), me


def retreat_second(objects: Objects, me: Actor) -> Result:
    """Return the users of the other VirtualService, if it carries the claim."""
    token = objects.second.token
    if token is None or token.epoch > me.epoch:
        return objects, me
    return objects._replace(second=Routed(me.token)), me._replace(took=objects.second.exposed and objects.expired)


def note_drain(objects: Objects, me: Actor) -> Result:
    """Note on the anchor when the last users left, from which the drain counts; that renews the claim."""
    me, took = me._replace(took=False), me.took
    return renew(objects, me) if took and owns(objects.anchor.token, me) else (objects, me)


def reach(objects: Objects, me: Actor) -> Result:
    """End where no VirtualService carries the claim any more: the rest is another owner's."""
    tokens = [one.token for one in (objects.anchor, objects.second)]
    if not any(owns(token, me) for token in tokens):
        raise Left
    return objects, me


def renew_to_finish(objects: Objects, me: Actor) -> Result:
    """Return the weight once more where only the end of a promotion is missing; that renews the claim."""
    return renew(objects, me) if objects.promoting and objects.stable.on else (objects, me)


def secure(name: str) -> Step:
    """Return the step that puts the token on a Deployment, if it carries that of the claim or of its former owner."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        if not me.knows or not is_ours(deployed.token, me):
            return objects, me
        return with_deployment(objects, name, deployed._replace(token=me.token)), me

    return step


def retire(objects: Objects, me: Actor) -> Result:
    """Scale the canary down, if it is the claim's."""
    return switch("canary", on=False)(objects, me) if owns(objects.canary.token, me) else (objects, me)


def return_strays(objects: Objects, me: Actor) -> Result:
    """Look for users whom somebody sent to the canary while it stopped, which needs the claim on the anchor."""
    if me.knows:
        require_anchor(objects, me)
    return objects, me
