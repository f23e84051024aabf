"""What an owner writes while its run goes on: weights and phases, templates and pods."""

from __future__ import annotations

from tests.schedules.model.actor import Actor, Lost, Result, Step, owns, require_anchor, with_deployment
from tests.schedules.model.cluster import ORDER, PROMOTING, Deployed, Objects, Routed


def move(name: str) -> Step:
    """Return the step that brings the token on a Deployment to the present phase."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        token = deployed.token
        if token is None or not owns(token, me) or ORDER.index(token.phase) > ORDER.index(me.phase):
            raise Lost
        return with_deployment(objects, name, deployed._replace(token=me.token)), me

    return step


def switch(name: str, *, on: bool) -> Step:
    """Return the step that changes a Deployment's template or pods under its own token."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        if deployed.on == on:
            return objects, me
        if not owns(deployed.token, me):
            raise Lost
        return with_deployment(objects, name, deployed._replace(token=me.token, on=on)), me

    return step


def set_anchor(phase: str, *, exposed: bool) -> Step:
    """Return the step that sets phase and weight on the anchor, in one patch; it renews the claim."""

    def step(objects: Objects, me: Actor) -> Result:
        held = require_anchor(objects, me)
        if held.phase not in {me.phase, phase}:
            raise Lost
        me = me._replace(phase=phase)
        after = Routed(me.token, exposed)
        if after == objects.anchor:
            return objects, me
        promoting = objects.promoting or phase == PROMOTING
        return objects._replace(anchor=after, expired=False, promoting=promoting), me

    return step


def set_second(*, exposed: bool | None = None) -> Step:
    """Return the step that lets the other VirtualService follow; without `exposed` its weight stays."""

    def step(objects: Objects, me: Actor) -> Result:
        if not owns(objects.second.token, me):
            raise Lost
        weight = objects.second.exposed if exposed is None else exposed
        return objects._replace(second=Routed(me.token, weight)), me

    return step
