"""Wait until stable is ready for a release: a pod that restarts does not refuse one for good."""

import time
from collections.abc import Callable
from typing import Final

import structlog

from steps.cluster.api import Cluster
from steps.model.workload import Release
from steps.workload.preconditions import unready
from steps.workload.readiness import get_observed

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_POLL_SECONDS: Final = 2.0
_HOTFIX: Final = 'if stable is broken, do not wait: release with --hotfix --reason "why"'


def await_stable(
    cluster: Cluster,
    release: Release,
    deadline_seconds: float,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait until enough of stable's pods are available and its rollout is over, or the deadline comes.

    What is still missing then, the preflight reports. Nothing waits for a hotfix, for a Deployment without replicas, or
    in a dry run.

    Args:
        cluster: the API server; it is only read.
        release: names stable, and the part of its pods that must be available.
        deadline_seconds: how long to wait (>= 0).
        pause: waits so many seconds.
        clock: seconds.
    """
    if release.allow_unready_stable or cluster.is_dry_run:
        return
    deadline, said = clock() + deadline_seconds, ""
    while True:
        stable = get_observed(cluster, release.namespace, release.stable)
        what = unready(stable, release.available_share) if stable["spec"].get("replicas", 1) else ""
        if not what or clock() >= deadline:
            return
        if what != said:
            log.warning("stable.waiting", deployment=release.stable, detail=f"{what}; {_HOTFIX}")
            said = what
        pause(min(_POLL_SECONDS, max(0.0, deadline - clock())))
