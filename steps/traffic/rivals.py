"""Other runs' claims on a VirtualService: those of the same app, and those on the same routes."""

from collections.abc import Mapping

from steps.cluster.api import Cluster, Object
from steps.model.run import Claim, ObjectName, RouteTarget
from steps.traffic.owners import Busy, Leftover
from steps.traffic.sightings import apps_on, sighting, whole_claim


def refuse_rivals(
    cluster: Cluster,
    obj: Object,
    target: RouteTarget,
    doing: str,
    known: Mapping[ObjectName, Object] | None = None,
    app: str = "",
    run: str = "",
) -> None:
    """Refuse an object on which another run has a claim.

    Args:
        cluster: for its clock and for holders.
        obj: the VirtualService as read.
        target: the routes that the caller wants of it.
        doing: for the message.
        known: objects that were read already.
        app: the caller's app, "" for a step without a claim.
        run: the caller's run, which is no rival.

    Raises:
        Busy: a living one. Leftover: an expired one. Unreadable: one that cannot be read.
    """
    for key in apps_on(obj):
        seen = sighting(obj, key)
        if seen is None:
            continue
        claim = whole_claim(cluster, seen, known or {})
        ours = bool(run) and claim.app == app and run in {claim.run, seen.stamp.run}
        if ours or (claim.app != app and not _same_routes(claim, target)):
            continue
        now = cluster.now()
        raise (Busy if claim.memory.expires >= now else Leftover)(doing, claim, now)


def _same_routes(claim: Claim, target: RouteTarget) -> bool:
    here = [own.routes for own in claim.memory.targets if own.virtual_service == target.virtual_service]
    return any(route in target.routes for routes in here for route in routes)
