"""The protocol of a claim: what a run, a rival and a sweep write, in which order, and what each write tests.

Every write is one patch of one object, guarded by the token that the object carries: read, decide, test, write. A write
that finds its work done writes nothing, so every list below may be repeated from its beginning after a crash.

* The anchor decides. It is claimed first and released last; its token says who owns the release.
* The token on the other objects follows. Until it has arrived there, a slow former owner can still write that object,
  under its own token, and nothing worse: the new owner writes it afterwards.
* A takeover raises the epoch and takes the users away by the same patch.
* A way back writes only Deployments that carry the token of its claim, or that of an earlier owner of the claim.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.schedules.model.cluster import (
    ORDER,
    PREPARED,
    PROMOTING,
    ROLLING_BACK,
    WALKING,
    Deployed,
    Objects,
    Routed,
    Token,
)


class Actor(NamedTuple):
    """A process.

    Args:
        name: unique; the owner in its tokens.
        kind: `run`: ends if another run is alive; `rival`: supersedes it; `sweep`: only recovers.
        program: the list of `PROGRAMS` that it works on; "" once it ended.
        at: its place in that list.
        epoch: of its claim, 0 before.
        phase: the phase that it last wrote or read of its claim.
        took: whether it took the users of the second VirtualService away, long after those of the first.
        knows: whether the claim that it read or wrote names the Deployments.
    """

    name: str
    kind: str
    program: str
    at: int = 0
    epoch: int = 0
    phase: str = PREPARED
    took: bool = False
    knows: bool = False

    @property
    def token(self) -> Token:
        """Its token."""
        return Token(self.name, self.epoch, self.phase)


class Lost(Exception):  # noqa: N818 - an event, not a fault
    """The claim is another's by now, or nobody's."""


class Left(Exception):  # noqa: N818 - an event, not a fault
    """The process has nothing more to do."""


Result = tuple[Objects, Actor]
Step = Callable[[Objects, Actor], Result]
"""One write, or one look; returns both as they were if there is nothing to write.

Raises:
    Lost: the token is not its own. Left: it ends here.
"""


def _owns(token: Token | None, me: Actor) -> bool:
    return token is not None and (token.owner, token.epoch) == (me.name, me.epoch)


def _is_ours(token: Token | None, me: Actor) -> bool:
    """Return whether a token is of the claim, or of an earlier owner of it."""
    return token is not None and (token.epoch < me.epoch or _owns(token, me))


def _with(objects: Objects, name: str, deployed: Deployed) -> Objects:
    return objects._replace(stable=deployed) if name == "stable" else objects._replace(canary=deployed)


def _require(objects: Objects, me: Actor) -> Token:
    token = objects.anchor.token
    if token is None or not _owns(token, me):
        raise Lost
    return token


# The beginning of a run ---------------------------------------------------------------------------------------------


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
        return (objects, me) if _owns(objects.anchor.token, me) else find(objects, me)
    marked = [one.token.epoch for one in (objects.stable, objects.canary) if one.token is not None]
    me = me._replace(epoch=1 + max(objects.record, *marked, 0), phase=PREPARED)
    claimed = objects.anchor._replace(token=me.token)
    return objects._replace(anchor=claimed, expired=False, promoting=False, known=False), me


def claim_second(objects: Objects, me: Actor) -> Result:
    """Claim the other VirtualService."""
    if objects.second.token is not None:
        if _owns(objects.second.token, me):
            return objects, me
        raise Lost
    if _require(objects, me).phase != PREPARED:  # the run was ended by its own rollback, or taken over
        raise Lost
    return objects._replace(second=objects.second._replace(token=me.token)), me


def renew(objects: Objects, me: Actor) -> Result:
    """Test that the claim is its own in the phase that it knows, and move the expiry on."""
    if _require(objects, me).phase != me.phase:
        raise Lost
    return objects._replace(expired=False), me


def know(objects: Objects, me: Actor) -> Result:
    """Note on the anchor which Deployments there are; that renews the claim."""
    objects, me = renew(objects, me)
    return objects._replace(known=True), me._replace(knows=True)


def own_second(objects: Objects, me: Actor) -> Result:
    """Test that the other VirtualService carries the claim, too."""
    if not _owns(objects.second.token, me):
        raise Lost
    return objects, me


def read(objects: Objects, me: Actor) -> Result:
    """Test that the claim is its own and still goes forward; a step of a pipeline begins with this."""
    if _require(objects, me).phase == ROLLING_BACK:
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
        return _with(objects, name, deployed._replace(token=me.token)), me

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
    if not _owns(objects.canary.token, me):
        raise Lost
    return objects._replace(stable=objects.stable._replace(on=False)), me


# On Deployments, under the own token --------------------------------------------------------------------------------


def move(name: str) -> Step:
    """Return the step that brings the token on a Deployment to the present phase."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        token = deployed.token
        if token is None or not _owns(token, me) or ORDER.index(token.phase) > ORDER.index(me.phase):
            raise Lost
        return _with(objects, name, deployed._replace(token=me.token)), me

    return step


def switch(name: str, *, on: bool) -> Step:
    """Return the step that changes a Deployment's template or pods under its own token."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        if deployed.on == on:
            return objects, me
        if not _owns(deployed.token, me):
            raise Lost
        return _with(objects, name, deployed._replace(token=me.token, on=on)), me

    return step


# On VirtualServices, under the own token ----------------------------------------------------------------------------


def set_anchor(phase: str, *, exposed: bool) -> Step:
    """Return the step that sets phase and weight on the anchor, in one patch; it renews the claim."""

    def step(objects: Objects, me: Actor) -> Result:
        held = _require(objects, me)
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
        if not _owns(objects.second.token, me):
            raise Lost
        weight = objects.second.exposed if exposed is None else exposed
        return objects._replace(second=Routed(me.token, weight)), me

    return step


# The way back -------------------------------------------------------------------------------------------------------


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
    held = _require(objects, me)
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
    return renew(objects, me) if took and _owns(objects.anchor.token, me) else (objects, me)


def reach(objects: Objects, me: Actor) -> Result:
    """End where no VirtualService carries the claim any more: the rest is another owner's."""
    tokens = [one.token for one in (objects.anchor, objects.second)]
    if not any(_owns(token, me) for token in tokens):
        raise Left
    return objects, me


def renew_to_finish(objects: Objects, me: Actor) -> Result:
    """Return the weight once more where only the end of a promotion is missing; that renews the claim."""
    return renew(objects, me) if objects.promoting and objects.stable.on else (objects, me)


def secure(name: str) -> Step:
    """Return the step that puts the token on a Deployment, if it carries that of the claim or of its former owner."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        if not me.knows or not _is_ours(deployed.token, me):
            return objects, me
        return _with(objects, name, deployed._replace(token=me.token)), me

    return step


def retire(objects: Objects, me: Actor) -> Result:
    """Scale the canary down, if it is the claim's."""
    return switch("canary", on=False)(objects, me) if _owns(objects.canary.token, me) else (objects, me)


def return_strays(objects: Objects, me: Actor) -> Result:
    """Look for users whom somebody sent to the canary while it stopped, which needs the claim on the anchor."""
    if me.knows:
        _require(objects, me)
    return objects, me


# The end ------------------------------------------------------------------------------------------------------------


def unmark(name: str) -> Step:
    """Return the step that takes the token off a Deployment: the own one, or one that a former owner put there late."""

    def step(objects: Objects, me: Actor) -> Result:
        deployed: Deployed = getattr(objects, name)
        if not me.knows or not _is_ours(deployed.token, me):
            return objects, me
        return _with(objects, name, deployed._replace(token=None)), me

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
    _require(objects, me)
    free = objects.anchor._replace(token=None)
    return objects._replace(anchor=free, expired=False, promoting=False, known=False, record=me.epoch), me


def give_second(objects: Objects, me: Actor) -> Result:
    """Take the own token off the other VirtualService."""
    if not _owns(objects.second.token, me):
        return objects, me
    return objects._replace(second=objects.second._replace(token=None)), me


def give_anchor(objects: Objects, me: Actor) -> Result:
    """Take the own token off the anchor; no record stays."""
    if not _owns(objects.anchor.token, me):
        return objects, me
    return objects._replace(anchor=objects.anchor._replace(token=None), expired=False, promoting=False, known=False), me


EXPOSE_SECOND: Step = set_second(exposed=True)
_END: Sequence[Step] = (unmark("stable"), unmark("canary"), release_second, release_anchor)
_BACK: Sequence[Step] = (reach, secure("stable"), secure("canary"), renew_to_finish, retire, return_strays, *_END)
PROGRAMS: dict[str, Sequence[Step]] = {
    "forward": (
        find, claim_anchor, claim_second, renew, own_second, know, own_second,
        or_give_back(take("stable")), or_give_back(take("canary")), or_give_back(renew), or_give_back(own_second),
        launch, take("stable"), take("canary"), or_give_back(renew), or_give_back(own_second),
        switch("canary", on=True), renew, own_second,
        read, set_anchor(WALKING, exposed=True), EXPOSE_SECOND, move("stable"), move("canary"),
        read, renew, own_second, set_anchor(PROMOTING, exposed=True), set_second(), move("stable"), move("canary"),
        switch("stable", on=True), renew, own_second, set_anchor(PROMOTING, exposed=False), set_second(exposed=False),
        switch("canary", on=False), return_strays, *_END,
    ),
    "recover": (take_over, take_over_second, renew, *_BACK),
    "back": (retreat_anchor, retreat_second, note_drain, *_BACK),
    "give-back": (unmark("stable"), unmark("canary"), give_second, give_anchor),
}  # fmt: skip
"""`forward`: a release. `recover`: of another run, then a run begins its own. `back`: the end of a run that failed.
`give-back`: the end of a run that lost its claim while it began."""


BEFORE_THE_END = len(PROGRAMS["forward"]) - len(_END)
"""Up to this place of `forward`, a lost answer ends the step at once; at its end a run tries every object first."""


def advance(objects: Objects, me: Actor) -> Result:
    """Let a process go on until one of its writes changed something, or until it ended."""
    while me.program:
        program = PROGRAMS[me.program]
        if me.at == len(program):
            me = _after(me)
            continue
        name = me.program
        try:
            after, me = program[me.at](objects, me)
        except (Lost, Left):
            me = stopped(objects, me)
            continue
        if me.program == name:
            me = me._replace(at=me.at + 1)
        if after != objects:
            return after, me
    return objects, me


def ended(me: Actor) -> Actor:
    """Return a process that does nothing any more; what it knew does not count."""
    return Actor(me.name, me.kind, "")


def stopped(objects: Objects, me: Actor) -> Actor:
    """Return a process whose step failed: a run's exit handler rolls back what is still its own."""
    held = objects.anchor.token
    if me.program in {"back", "give-back"} or me.kind == "sweep" or held is None or held.owner != me.name:
        return ended(me)
    return Actor(me.name, me.kind, "back", 0, held.epoch, held.phase)


def _after(me: Actor) -> Actor:
    """Return what comes after a whole program: a run that recovered another one begins its own release."""
    if me.program == "recover" and me.kind != "sweep":
        return Actor(me.name, me.kind, "forward")
    return ended(me)
