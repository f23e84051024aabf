"""Find the arms that other routes lead to, where a release may scale a Deployment of people to 0."""

import structlog

from steps.cluster.api import Cluster
from steps.cluster.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from steps.model.names import ReleaseNames
from steps.model.workload import Topology
from steps.survey.arms import surveyed_arms
from steps.survey.kept_arms import kept_arms
from steps.survey.objects import look_around

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def kept_arms_of(cluster: Cluster, names: ReleaseNames) -> tuple[str, ...]:
    """Return the Deployments that keep their pods at the end of a run.

    In the swap topology both are kept if this account may not list the VirtualServices of the namespace.

    Raises:
        TemporaryError: the API server is in trouble.
    """
    if names.topology is Topology.STABLE_NAMED and not _runs(cluster, names):
        return ()
    survey = look_around(cluster, names.namespace)
    if any(one.kind == VIRTUAL_SERVICE and one.scope == names.namespace for one in survey.unseen):
        both = (names.canary, names.stable) if names.topology is Topology.SWAP else ()
        effect = (
            "both arms keep their pods"
            if both
            else "the canary is scaled to 0 at the end, although routes may lead to it"
        )
        log.warning("permission.missing", verbs=["list"], resource="virtualservices.networking.istio.io", effect=effect)
        return both
    found = kept_arms(survey, surveyed_arms(survey, names, str(names.topology)))
    if names.topology is Topology.STABLE_NAMED:
        found = tuple(one for one in found if one == names.canary)
    if found:
        log.info("arms.kept", deployments=list(found), detail="other routes lead to them, so they keep their pods")
    return found


def _runs(cluster: Cluster, names: ReleaseNames) -> bool:
    """Return whether the canary that an earlier release made has pods: without them no route depends on it."""
    canary = cluster.find(DEPLOYMENT, names.namespace, names.canary)
    return canary is not None and int(canary["spec"].get("replicas", 1)) > 0
