"""Return all weight to stable at once, in every VirtualService that still belongs to the run.

The arms are asked for only where a canary has weight, by `hold`, which gets the VirtualService as read. It may ask
each arm once, for a short time; whatever else a way back reads or writes comes after the weight.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from steps.claim.amend import Edit, amend, zero_since
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import ObservedClaim
from steps.claim.verdicts import with_verdict
from steps.cluster.api import Object, Operation
from steps.errors import ForeignWrite, Interrupted, NotOwnerError, PermanentError, StepError
from steps.model.run import Claim, Phase, RouteTarget, RunState
from steps.model.rungs import RungVerdict
from steps.traffic.drift import arm_destinations
from steps.traffic.routes import locate_all, stranded, weigh
from steps.traffic.weights import with_weight

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Hold = Callable[[Object], str]
"""Returns why the users of a VirtualService must stay where they are, one sentence; "" if they can go to stable."""


def never(_: Object) -> str:
    """Return nothing: all users go."""
    return ""


class WeightHeld(PermanentError):  # noqa: N818 - an event, not a fault
    """The users stay on the canary, since stable cannot serve them."""

    reason = "weight-held"


_ANY = frozenset({Phase.PREPARED, Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK})


def return_users(
    obj: Object, target: RouteTarget, state: RunState, now: float, hold: Hold
) -> tuple[Sequence[Operation], RunState]:
    """Return the operations that give stable all weight on a VirtualService, and the state after them.

    Raises:
        WeightHeld: the canary has weight, and `hold` says why it stays.
    """
    routes = locate_all(obj, target.routes, arm_destinations(state, target))
    has_users = any(route.canary for route in routes)
    if has_users and (why := hold(obj)):
        raise WeightHeld("returning all weight to stable", why)
    edits = [entry for route in routes for entry in weigh(route, 0, lenient=True)]
    after = with_weight(state, 0, now)
    if has_users and after is state:
        # Somebody else's weight, or a VirtualService that lagged behind: the canary drains from now on.
        after = replace(state, weights=(*state.weights, (round(now, 1), 0)))
    return edits, replace(after, paused_weight=0)


def retreat(writer: GuardedWriter, claim: Claim, reason: str, hold: Hold, verdict: RungVerdict | None) -> Claim:
    """Return the users first, raise errors afterwards; see `Traffic.retreat`."""
    problems: list[StepError] = []
    moved: list[Operation] = []
    anchor, emptied = claim.state.targets[0], 0.0
    for target in claim.state.targets:
        try:
            seen = _retreat_one(writer, claim, target, reason, hold, verdict, moved)
        except NotOwnerError as error:
            if target is anchor:
                raise
            log.warning("retreat.skipped", virtual_service=str(target.virtual_service), cause=error.cause)
        except Interrupted:
            raise
        except StepError as error:
            problems.append(error)
        else:
            claim = seen if target is anchor else claim
            emptied = max(emptied, _emptied(seen.state))
    # The drain counts from the last VirtualService, whose users a process that died may have left behind.
    doing = f"keeping when the canary lost its weight on VirtualService {anchor.virtual_service}"
    claim = zero_since(writer, claim, anchor, writer.cluster.now() if moved else emptied, doing)
    if problems:
        raise problems[0]
    return claim


def _emptied(state: RunState) -> float:
    """Return when a VirtualService gave the canary no weight any more, as its copy of the state says; 0 if unknown."""
    return 0.0 if state.weight or not state.weights else state.weights[-1][0]


def _retreat_one(
    writer: GuardedWriter, claim: Claim, target: RouteTarget, reason: str, hold: Hold, verdict: RungVerdict | None,
    moved: list[Operation],
) -> Claim:  # fmt: skip
    """Retreat on one VirtualService, note in `moved` what moved its users, and return the claim on it."""
    doing = f"retreating on VirtualService {target.virtual_service}"
    lost: list[str] = []

    def decide(obj: Object, seen: ObservedClaim) -> Edit:
        arms = arm_destinations(seen.state, target)
        lost[:] = stranded(obj, target.routes, arms)
        edits, state = return_users(obj, target, seen.state, writer.cluster.now(), hold)
        moved.extend(edits)
        state = replace(state, reason=state.reason or reason)
        return Edit(with_verdict(state, verdict) if verdict else state, Phase.ROLLING_BACK, edits)

    after = amend(writer, claim, target, _ANY, doing, decide)
    if lost:
        cause = (
            f"route {', '.join(lost)} leads only to the canary because somebody removed stable,"
            f" which no weight can fix: put {claim.state.stable} back into its route list."
        )
        raise ForeignWrite(doing, cause)
    return after
