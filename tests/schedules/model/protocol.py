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

from collections.abc import Sequence

from tests.schedules.model.actor import Actor, Left, Lost, Result, Step
from tests.schedules.model.beginning import (
    claim_anchor,
    claim_second,
    find,
    know,
    launch,
    or_give_back,
    own_second,
    read,
    renew,
    take,
)
from tests.schedules.model.cluster import PROMOTING, WALKING, Objects
from tests.schedules.model.end import give_anchor, give_second, release_anchor, release_second, unmark
from tests.schedules.model.owned_writes import move, set_anchor, set_second, switch
from tests.schedules.model.way_back import (
    note_drain,
    reach,
    renew_to_finish,
    retire,
    retreat_anchor,
    retreat_second,
    return_strays,
    secure,
    take_over,
    take_over_second,
)

EXPOSE_SECOND: Step = set_second(exposed=True)
_END: Sequence[Step] = (unmark("stable"), unmark("canary"), release_second, release_anchor)
_BACK: Sequence[Step] = (reach, secure("stable"), secure("canary"), renew_to_finish, retire, return_strays, *_END)
PROGRAMS: dict[str, Sequence[Step]] = {
    "forward": (
        find, claim_anchor, claim_second, renew, own_second, know, own_second,
        or_give_back(take("stable")), or_give_back(take("canary")), or_give_back(renew), or_give_back(own_second),
        renew, own_second, launch, take("stable"), take("canary"), or_give_back(renew), or_give_back(own_second),
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
