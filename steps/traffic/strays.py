"""Users whom somebody sends to a side while it stops: they return as soon as that is seen.

No write reaches two objects, so a route may change between the last look at it and the write that stops the pods. The
release looks last.
"""

from collections.abc import Sequence

import structlog

from steps.claim.amend import Edit, amend
from steps.claim.guarded_write import GuardedWriter
from steps.claim.observed import ObservedClaim, name_of
from steps.claim.release import RouteEnd
from steps.cluster.api import Object, Operation
from steps.errors import NotFound, NotOwnerError
from steps.model.run import Claim, ObjectName, Phase, RouteTarget
from steps.traffic.drift import arm_destinations
from steps.traffic.routes import locate_all, weigh

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def return_strays(writer: GuardedWriter, claim: Claim, weight: int) -> None:
    """Return all users to one side, where somebody gave the other any; see `Traffic.return_strays`."""
    for target in claim.state.targets:
        doing = f"returning users from the side that stopped, on VirtualService {target.virtual_service}"
        returned: set[ObjectName] = set()
        routes = edits_at_release(claim, weight, returned)

        def decide(
            obj: Object, seen: ObservedClaim, target: RouteTarget = target, routes: RouteEnd = routes
        ) -> Edit | None:
            edits = routes(obj, target)
            return Edit(seen.state, seen.token.phase, edits) if edits else None

        try:
            amend(writer, claim, target, frozenset(Phase), doing, decide)
        except NotFound:
            continue
        except NotOwnerError:
            if target is claim.state.targets[0]:
                raise


def edits_at_release(claim: Claim, weight: int, returned: set[ObjectName]) -> RouteEnd:
    """Return what returns the users of a VirtualService by the patch that ends the claim.

    Args:
        claim: of the run.
        weight: of the canary.
        returned: receives the VirtualServices whose users had to return.
    """

    def routes(obj: Object, target: RouteTarget) -> Sequence[Operation]:
        found = locate_all(obj, target.routes, arm_destinations(claim.state, target))
        astray = [route for route in found if (route.stable if weight else route.canary)]
        edits = [entry for route in astray for entry in weigh(route, weight, lenient=True)]
        returned.discard(name_of(obj))
        if edits:
            returned.add(name_of(obj))
            shares = ", ".join(f"{route.label} {route.stable}/{route.canary}" for route in astray)
            effect = f"the canary gets weight {weight} again"
            log.warning("weight.edited_at_the_end", virtual_service=str(name_of(obj)), found=shares, effect=effect)
        return edits

    return routes
