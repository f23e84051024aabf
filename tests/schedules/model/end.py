"""The end of a run: tokens are taken off, the anchor's last."""

from __future__ import annotations

from tests.schedules.model.actor import Actor, Result, Step, is_ours, owns, require_anchor, with_deployment
from tests.schedules.model.cluster import Deployed, Objects


def unmark(name: str) -> Step:
    """Return the step that takes the token off a Deployment: the own one, or one that a former owner put there late."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        if not me.knows or not is_ours(deployed.token, me):
            return objects, me
        return with_deployment(objects, name, deployed._replace(token=None)), me

    return step


def release_second(objects: Objects, me: Actor) -> Result:
    """Take the claim off the other VirtualService."""
    token = objects.second.token
    if token is None or token.epoch > me.epoch:
        return objects, me
    return objects._replace(second=objects.second._replace(token=None)), me


def release_anchor(objects: Objects, me: Actor) -> Result:
    """Take the claim off the anchor, where only the record stays."""
    if objects.anchor.token is None and objects.record == me.epoch:
        return objects, me
    require_anchor(objects, me)
    free = objects.anchor._replace(token=None)
    return objects._replace(anchor=free, expired=False, promoting=False, known=False, record=me.epoch), me


def give_second(objects: Objects, me: Actor) -> Result:
    """Take the own token off the other VirtualService."""
    if not owns(objects.second.token, me):
        return objects, me
    return objects._replace(second=objects.second._replace(token=None)), me


def give_anchor(objects: Objects, me: Actor) -> Result:
    """Take the own token off the anchor; no record stays."""
    if not owns(objects.anchor.token, me):
        return objects, me
    return objects._replace(anchor=objects.anchor._replace(token=None), expired=False, promoting=False, known=False), me
