"""Find claims: a run's own, those on a VirtualService, expired ones, and those that compete for the same routes."""

from collections.abc import Iterable, Mapping, Sequence

import structlog

from steps.claim.errors import ClaimCorrupt, ClaimExpired, ClaimHeld
from steps.claim.expiry import is_expired
from steps.claim.guarded_write import GuardedWriter
from steps.claim.keys import shorten_app
from steps.claim.marked_objects import marked_objects
from steps.claim.observed import apps_on, assemble_claim, name_of, observe_claim
from steps.cluster.api import Cluster, Object
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.run import Claim, ObjectName, RouteTarget

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def claim_of_run(writer: GuardedWriter, app: str, run: str, names: Sequence[ObjectName]) -> Claim:
    """Return the run's claim; see `Claims.held`."""
    doing = f"looking for the claim of run {run} on VirtualService {', '.join(map(str, names))}"
    other = ""
    for name in sorted(names):
        seen = observe_claim(writer.read(name), app)
        if seen is None:
            continue
        claim = assemble_claim(writer.cluster, seen, {})
        if claim.run == run and claim.state.targets[0].virtual_service == seen.anchor:
            return claim
        if claim.run == run:
            other = f"VirtualService {seen.anchor}, which held it, no longer carries its token: somebody took over."
        undo = f"; it undoes run {claim.state.undoes}: {claim.state.reason}" if claim.state.undoes else ""
        other = other or f"run {claim.run} owns it (phase {claim.phase}{undo})."
    gone = "no run has a claim: prepare did not run, the run ended, or somebody removed the token to take over."
    raise NotOwnerError(doing, other or gone)


def claims_on(cluster: Cluster, obj: Object) -> list[Claim]:
    """Return all apps' claims on a VirtualService, alive or expired; one that cannot be read is named in a warning."""
    found = []
    for key in apps_on(obj):
        try:
            found.append(claim_on(cluster, obj, key))
        except ClaimCorrupt as error:
            log.warning("claim.unreadable", virtual_service=str(name_of(obj)), app=key, cause=error.cause)
    return [one for one in found if one is not None]


def claim_on(cluster: Cluster, obj: Object, app: str, known: Mapping[ObjectName, Object] | None = None) -> Claim | None:
    """Return an app's claim on a VirtualService, alive or expired, whatever other apps have there; None for none.

    Args:
        cluster: for holders that are not known.
        obj: the VirtualService as read.
        app: the application, or the key that it has in annotations.
        known: objects that were read already.

    Raises:
        ClaimCorrupt: it cannot be read.
    """
    seen = observe_claim(obj, app)
    return assemble_claim(cluster, seen, {name_of(obj): obj, **(known or {})}) if seen is not None else None


def claim_of_app(cluster: Cluster, objects: Iterable[Object], app: str, namespace: str, run: str = "") -> Claim | None:
    """Return an app's claim on VirtualServices, alive or expired; claims that cannot be read are left out.

    An app of the same name in another namespace has its own claim.

    Args:
        cluster: for holders that are not among the objects.
        objects: the VirtualServices as read.
        app: the application.
        namespace: of its Deployments.
        run: whose claim comes first; "" = any.
    """
    found: list[Claim] = []
    for obj in objects:
        try:
            claim = claim_on(cluster, obj, app)
        except ClaimCorrupt:
            continue  # the step that needs it says what is damaged
        if claim is not None and namespace in _namespaces(claim):
            found.append(claim)
    return next((one for one in found if one.run == run), found[0] if found else None)


def _namespaces(claim: Claim) -> set[str]:
    workloads = claim.state.workloads
    return {workloads.namespace} if workloads else {one.virtual_service.namespace for one in claim.state.targets}


def expired_claims(cluster: Cluster, namespace: str | None, troubles: list[Exception]) -> list[Claim]:
    """Return the expired claims of a namespace (None: of all); see `Claims.expired`."""
    known = marked_objects(cluster, namespace)
    found: dict[tuple[str, str, int, ObjectName], Claim] = {}
    for obj in known.values():
        for key in apps_on(obj):
            claim = _claim(cluster, obj, key, known, troubles)
            if claim is not None and is_expired(claim.state, cluster.now()):
                found.setdefault((claim.app, claim.run, claim.epoch, claim.state.targets[0].virtual_service), claim)
    return sorted(found.values(), key=lambda claim: (claim.state.targets[0].virtual_service, claim.app))


def _claim(
    cluster: Cluster, obj: Object, key: str, known: dict[ObjectName, Object], troubles: list[Exception]
) -> Claim | None:
    try:
        return claim_on(cluster, obj, key, known)
    except ClaimCorrupt as error:
        log.error("claim.unreadable", virtual_service=str(name_of(obj)), app=key, cause=error.cause)
        troubles.append(error)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("claim.skipped", virtual_service=str(name_of(obj)), app=key, cause=error.cause)
        troubles.append(error)
    except Exception as error:  # a defect of ours at one claim must not strand the users of the others
        log.exception("claim.crashed", virtual_service=str(name_of(obj)), app=key)
        troubles.append(error)
    return None


def refuse_competing(
    cluster: Cluster,
    obj: Object,
    target: RouteTarget,
    doing: str,
    known: Mapping[ObjectName, Object] | None = None,
    app: str = "",
    run: str = "",
) -> None:
    """Refuse an object that another run has a claim on.

    Args:
        cluster: for its clock and for holders.
        obj: the VirtualService as read.
        target: the routes that the caller wants of it.
        doing: for the message.
        known: objects that were read already.
        app: the caller's app, "" for a step without a claim.
        run: the caller's run, which does not compete with itself.

    Raises:
        ClaimHeld: a living one. ClaimExpired: an expired one. ClaimCorrupt: the caller's own cannot be read, or any
            where the caller has no app; that of another app is named in a warning.
    """
    for key in apps_on(obj):
        try:
            seen = observe_claim(obj, key)
        except ClaimCorrupt as error:
            if not app or key == shorten_app(app):
                raise
            # Nobody can say which routes it has. Each of our writes tests our own routes.
            log.warning("claim.unreadable", virtual_service=str(name_of(obj)), app=key, cause=error.cause)
            continue
        if seen is None:
            continue
        claim = assemble_claim(cluster, seen, known or {})
        ours = bool(run) and claim.app == app and run in {claim.run, seen.token.run}
        if ours or (claim.app != app and not _same_routes(claim, target)):
            continue
        now = cluster.now()
        raise (ClaimExpired if is_expired(claim.state, now) else ClaimHeld)(doing, claim, now)


def _same_routes(claim: Claim, target: RouteTarget) -> bool:
    here = [own.routes for own in claim.state.targets if own.virtual_service == target.virtual_service]
    return any(route in target.routes for routes in here for route in routes)
