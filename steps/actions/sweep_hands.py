"""What a sweep works with at one claim, within a time limit: the trouble of one app must not become that of others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from steps.actions.fair_pool import for_each, in_fair_order
from steps.actions.sweep_run import ExpiredRun
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.deadline import Deadline
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

SHORT_RETRY_SECONDS: Final = 1.0
"""How long the first attempt meets other writers of one object: the users of all others wait meanwhile."""
LONG_RETRY_SECONDS: Final = 10.0

_USERS_SECONDS: Final = 60.0
_THREADS: Final = 4


@dataclass(slots=True)
class SweepHands:
    """Collaborators for one claim at a time.

    Args:
        traffic: VirtualServices, for all claims.
        workload_of: the Deployments of an app, for all its claims.
        cluster: if it is given, each claim gets collaborators of its own on it, with a time limit, and some claims are
            worked on at once; else they are worked on one after the other.
    """

    traffic: Traffic
    workload_of: Callable[[str], Workload]
    cluster: Cluster | None = None
    _deadlines: list[Deadline] = field(default_factory=list)

    def of(
        self, one: ExpiredRun, seconds: float = _USERS_SECONDS, retry_seconds: float = LONG_RETRY_SECONDS
    ) -> Traffic:
        """Return the VirtualServices for a run, and set its Deployments.

        Args:
            one: the run.
            seconds: after so many no request is sent any more (> 0).
            retry_seconds: how long to retry a write that meets other writers (>= 0).
        """
        if self.cluster is None:
            one.workload = self.workload_of(one.claim.app)
            return self.traffic
        deadline = Deadline(seconds)
        self._deadlines.append(deadline)
        cluster = self.cluster.within(deadline)
        one.workload = Workload(cluster, claim_key(one.claim.app))
        return Traffic(cluster, Claims(cluster, retry_seconds))

    def each(self, found: list[ExpiredRun], work: Callable[[ExpiredRun], None]) -> None:
        """Work on every run, those of different namespaces in turns."""
        fair = in_fair_order(found, lambda one: one.claim.state.targets[0].virtual_service.namespace)
        for_each(fair, work, 1 if self.cluster is None else _THREADS, self._stop)

    def _stop(self) -> None:
        for deadline in self._deadlines:
            deadline.end_now()
