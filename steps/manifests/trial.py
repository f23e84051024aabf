"""Try in a dry run whether prepare would accept the app once the printed documents are applied."""

from collections.abc import Iterable

import structlog

from steps.claim.claims import Claims
from steps.cluster.api import Cluster
from steps.errors import StepError
from steps.manifests.manifest import Manifest
from steps.model.names import ReleaseNames
from steps.model.workload import Release, Topology
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def try_release(manifests: Iterable[Manifest], names: ReleaseNames, dry_run: Cluster, *, baseline: bool) -> None:
    """Warn if prepare would refuse even with all this applied: only a person can change an app's own objects.

    Args:
        manifests: the printed objects.
        names: of the release, in the stable-named topology.
        dry_run: a cluster whose writes stay in this process.
        baseline: whether the canary gets a baseline.
    """
    try:
        for one in manifests:
            dry_run.create(one.kind, one.namespace, {"metadata": one.metadata, **one.body})
        traffic = Traffic(dry_run, Claims(dry_run))
        traffic.resolve(names.targets, names.stable_destination, names.canary_destination)
        release = Release(
            namespace=names.namespace,
            stable=names.stable,
            canary=names.canary,
            stable_destination=names.stable_destination,
            canary_destination=names.canary_destination,
            topology=Topology.STABLE_NAMED,
            baseline=names.baseline if baseline else "",
        )
        plan = Workload(dry_run, "").preflight(release)
    except StepError as error:
        log.warning("init.not_enough", detail=f"With this applied, prepare would still refuse: {error}")
    else:
        for sentence in plan.warnings:
            log.warning("init.warning", detail=sentence)
