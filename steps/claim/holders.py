"""Find out whether the claim behind a token on a Deployment still exists: a dead one must not be in the way forever."""

from collections.abc import Collection, Iterator

import structlog

from steps.claim.annotations import CLAIMED
from steps.claim.errors import ClaimExpired, ClaimHeld, DeploymentHeld
from steps.claim.keys import shorten_app
from steps.claim.marks import Mark, holder_on
from steps.claim.observed import assemble_claim, name_of, observe_claim
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import Forbidden
from steps.model.run import CLAIMED_LABEL, Claim

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def refuse_held(cluster: Cluster, found: Object, mark: Mark, app: str, run: str, doing: str) -> None:
    """Refuse a Deployment that another run holds; a token whose claim is gone is nobody's.

    The holder's VirtualService decides. Tokens of older images name none: they count while a VirtualService of the
    namespace has their claim.

    Args:
        cluster: the API server.
        found: the Deployment as read.
        mark: a token on it.
        app: the caller's app.
        run: the caller's run, which is not in its own way.
        doing: for the message.

    Raises:
        ClaimHeld: that run is alive. ClaimExpired: it died. DeploymentHeld: this account may not look.
        ClaimCorrupt: its claim cannot be read.
    """
    try:
        claim = claim_behind(cluster, found, mark)
    except Forbidden as error:
        if mark.app == shorten_app(app) and holder_on(found) is None:
            log.warning("claim.holder_unknown", deployment=str(name_of(found)), token=mark.text, cause=error.cause)
            return  # as the older image did: a higher epoch is enough
        raise DeploymentHeld(doing, _unknown(found, mark, error)) from error
    if claim is None or (claim.app, claim.run) == (app, run):
        return
    now = cluster.now()
    raise (ClaimHeld if claim.state.expires >= now else ClaimExpired)(doing, claim, now)


def inherits(cluster: Cluster, claim: Claim, before: Collection[str], found: Object, mark: Mark) -> bool:
    """Return whether a claim may restore a Deployment whose token does not name its VirtualService as the holder.

    That is so for a token of the claim's own runs, where an older image wrote no holder, and where the VirtualService
    that held the claim is gone, so that the copy on another one counts. Nobody can make himself an heir from another
    namespace: the heir is in that of the holder or of the Deployment.

    Args:
        cluster: the API server.
        claim: the claim, on the VirtualService that counts.
        before: ids of the runs that the claim was taken over from.
        found: the Deployment as read.
        mark: the token on it.
    """
    if mark.token is None or mark.token.run not in {claim.run, *before} or mark.app != shorten_app(claim.app):
        return False
    holder, here = holder_on(found), claim.state.targets[0].virtual_service.namespace
    if holder is None:
        return True
    is_near = here in {holder.anchor.namespace, name_of(found).namespace}
    return is_near and shorten_app(holder.app) == mark.app and claim_behind(cluster, found, mark) is None


def claim_behind(cluster: Cluster, found: Object, mark: Mark) -> Claim | None:
    """Return the claim that a token on a Deployment belongs to, None if there is none any more."""
    for obj in _candidates(cluster, found, mark):
        seen = observe_claim(obj, mark.app)
        if seen is None:
            continue
        claim = assemble_claim(cluster, seen, {name_of(obj): obj})
        if _covers(claim, found, mark):
            return claim
    return None


def _candidates(cluster: Cluster, found: Object, mark: Mark) -> Iterator[Object]:
    """Yield the VirtualServices that may have the claim of a mark."""
    holder = holder_on(found)
    if holder is None or shorten_app(holder.app) != mark.app:
        yield from cluster.list(VIRTUAL_SERVICE, name_of(found).namespace, f"{CLAIMED_LABEL}={CLAIMED}")
        return
    anchor = cluster.find(VIRTUAL_SERVICE, holder.anchor.namespace, holder.anchor.name)
    if anchor is not None:
        yield anchor


def _covers(claim: Claim, found: Object, mark: Mark) -> bool:
    """Return whether a claim owns a Deployment: the token is its own, or its state names the Deployment."""
    if mark.token is not None and mark.token.is_of(claim):
        return True
    name, workloads = name_of(found), claim.state.workloads
    return workloads is not None and workloads.namespace == name.namespace and name.name in workloads.deployments


def _unknown(found: Object, mark: Mark, error: Forbidden) -> str:
    name, holder = name_of(found), holder_on(found)
    where = f"VirtualService {holder.anchor}" if holder is not None else f"a VirtualService of {name.namespace}"
    return (
        f"Deployment {name} carries the token {mark.text} of app {mark.app}, whose claim is on {where}, and this"
        f" account may not look there ({error.cause}). Wait for the end of that run. If it is over: kubectl annotate"
        f" deployment -n {name.namespace} {name.name} {mark.key}-"
    )
