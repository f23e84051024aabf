"""Find the arms that other routes lead to, where a release may scale a Deployment of people to 0."""

import structlog

from steps.cluster.api import Cluster
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.model.names import ReleaseNames
from steps.model.workload import Topology
from steps.survey.arms import surveyed_arms
from steps.survey.kept_arms import kept_arms
from steps.survey.objects import Survey, look_around

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_UNKNOWN = "other routes may lead to it, as the VirtualServices could not be listed"


def kept_arms_of(cluster: Cluster, names: ReleaseNames) -> dict[str, str]:
    """Return the Deployments that keep their pods at the end of a run → why, half a sentence.

    In the swap topology both are kept if this account may not list the VirtualServices of the namespace.

    Raises:
        TemporaryError: the API server is in trouble.
    """
    survey = look_around(cluster, names.namespace)
    if any(one.kind == VIRTUAL_SERVICE and one.scope == names.namespace for one in survey.unseen):
        both = dict.fromkeys((names.canary, names.stable), _UNKNOWN) if names.topology is Topology.SWAP else {}
        effect = (
            "both arms keep their pods"
            if both
            else "the canary is scaled to 0 at the end, although routes may lead to it"
        )
        log.warning("permission.missing", verbs=["list"], resource="virtualservices.networking.istio.io", effect=effect)
        return both
    found = kept_arms(survey, surveyed_arms(survey, names, str(names.topology)))
    if names.topology is Topology.STABLE_NAMED:
        found = {name: why for name, why in found.items() if name == names.canary}
    if found:
        detail = "; ".join(f"{name}: {reason}" for name, reason in found.items())
        log.info("arms.kept", deployments=list(found), detail=f"they keep their pods at the end: {detail}")
    _warn_of_unseen(survey, names)
    return found


def _warn_of_unseen(survey: Survey, names: ReleaseNames) -> None:
    """Warn that routes of other namespaces are not known where an arm that people deploy will be scaled to 0."""
    if names.topology is not Topology.SWAP or not any(one.kind == VIRTUAL_SERVICE for one in survey.unseen):
        return
    log.warning(
        "permission.missing",
        verbs=["list"],
        resource="virtualservices.networking.istio.io in all namespaces",
        effect=f"a route of another namespace that leads to {names.stable} or {names.canary} alone is not known, and"
        " would be left without pods when that arm is scaled to 0. Allow it, or promote with --keep-standby",
    )
