"""Find claims: a run's own, those on a VirtualService, and those that expired."""

from collections.abc import Sequence

import structlog

from steps.claim.annotations import CLAIMED
from steps.claim.errors import Unreadable
from steps.claim.guarded_write import Fence
from steps.claim.observed import apps_on, name_of, sighting, whole_claim
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.run import CLAIMED_LABEL, Claim, ObjectName

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def held(cluster: Cluster, fence: Fence, app: str, run: str, names: Sequence[ObjectName]) -> Claim:
    """Return the run's claim; see `Traffic.held`."""
    doing = f"looking for the claim of run {run} on VirtualService {', '.join(map(str, names))}"
    other = ""
    for name in sorted(names):
        seen = sighting(fence.read(name), app)
        if seen is None:
            continue
        claim = whole_claim(cluster, seen, {})
        if claim.run == run and claim.memory.targets[0].virtual_service == seen.holder:
            return claim
        if claim.run == run:
            other = f"VirtualService {seen.holder}, which held it, no longer carries its token: somebody took over."
        other = other or f"run {claim.run} owns it (phase {claim.phase})."
    gone = "no run has a claim: prepare did not run, the run ended, or somebody removed the token to take over."
    raise NotOwnerError(doing, other or gone)


def claims_on(cluster: Cluster, obj: Object) -> list[Claim]:
    """Return all apps' claims on a VirtualService, alive or expired."""
    seen = [sighting(obj, key) for key in apps_on(obj)]
    return [whole_claim(cluster, one, {name_of(obj): obj}) for one in seen if one]


def expired(cluster: Cluster, namespace: str | None, troubles: list[StepError]) -> list[Claim]:
    """Return the expired claims of a namespace (None: of all); see `Traffic.expired`."""
    objects = cluster.list(VIRTUAL_SERVICE, namespace, f"{CLAIMED_LABEL}={CLAIMED}")
    known = {name_of(obj): obj for obj in objects}
    found: dict[tuple[str, str, int, ObjectName], Claim] = {}
    for obj in objects:
        for key in apps_on(obj):
            claim = _claim(cluster, obj, key, known, troubles)
            if claim is not None and claim.memory.expires < cluster.now():
                found.setdefault((claim.app, claim.run, claim.epoch, claim.memory.targets[0].virtual_service), claim)
    return sorted(found.values(), key=lambda claim: (claim.memory.targets[0].virtual_service, claim.app))


def _claim(
    cluster: Cluster, obj: Object, key: str, known: dict[ObjectName, Object], troubles: list[StepError]
) -> Claim | None:
    try:
        seen = sighting(obj, key)
        return whole_claim(cluster, seen, known) if seen else None
    except Unreadable as error:
        log.error("claim.unreadable", virtual_service=str(name_of(obj)), app=key, cause=error.cause)  # noqa: TRY400
        troubles.append(error)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("claim.skipped", virtual_service=str(name_of(obj)), app=key, cause=error.cause)
        troubles.append(error)
    return None
