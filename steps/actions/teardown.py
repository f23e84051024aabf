"""Teardown of a run: time limits, and the drain: a side stops when requests have left it, seen rather than assumed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from steps.actions.departure import Departure
from steps.actions.still_used import Leaving, require_no_route
from steps.claim.claims import Claims
from steps.errors import StillInUse
from steps.model.arrivals import Arrivals, ArrivalSource
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_RENEW_SECONDS = 30.0
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class TeardownPolicy:
    """Time limits for the end of a run.

    Args:
        ready_timeout_seconds: how long stable may take to become ready with its old template (> 0).
        drain_seconds: time between the last request to a side and its end (>= 0).
        pause: waits so many seconds.
        standby_seconds: how long the old arm of a swap stays ready (>= 0).
        keep_standby: whether it stays up for good.
        drain_limit_seconds: how long to wait for requests to leave a side (>= 0); 0 = nobody is asked whether they did.
        arrivals: who counts requests, in the order in which they are asked.
    """

    ready_timeout_seconds: float
    drain_seconds: float
    pause: Callable[[float], None] = time.sleep
    standby_seconds: float = 0.0
    keep_standby: bool = False
    drain_limit_seconds: float = 0.0
    arrivals: Sequence[ArrivalSource] = ()


def drain(claim: Claim, side: Leaving, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> None:
    """Wait until a side that is about to stop gets no requests any more; the claim stays alive meanwhile.

    No route may give it weight, which is read from the API server first, and again by `last_look` after the wait. The
    requests that its proxies or Prometheus count must have ended `drain_seconds` ago. If nobody counts any, it waits
    for the limit.

    Args:
        claim: of the run; the weight was moved away before.
        side: what stops; nothing is waited for if nothing does.
        teardown: time limits.
        traffic: VirtualServices.
        workload: Deployments.

    Raises:
        StillInUse: a route leads to it, or requests still arrive at the limit: it must stay up.
        NotOwnerError: somebody took the claim over in the meantime.
    """
    if not side.deployments or claim.state.workloads is None:
        return
    require_no_route(claim, side, traffic, workload)
    _Drain(claim, side, teardown, traffic.claims).until_quiet()


def let_requests_end(claim: Claim, seconds: float, teardown: TeardownPolicy, claims: Claims) -> None:
    """Wait for requests in flight at pods that stay, and keep the claim alive meanwhile.

    Raises:
        NotOwnerError: somebody took the claim over in the meantime.
    """
    left = seconds
    while left > 0:
        teardown.pause(min(left, _RENEW_SECONDS))
        left -= _RENEW_SECONDS
        if left > 0:
            claims.update_state(claim)


class _Drain:
    """One wait for requests to leave a side."""

    def __init__(self, claim: Claim, side: Leaving, teardown: TeardownPolicy, claims: Claims) -> None:
        self._claim, self._side, self._teardown, self._claims = claim, side, teardown, claims
        self._began, self._paused, self._renewed = claims.now(), 0.0, 0.0
        self._named = " and ".join(side.deployments)
        weights, limit = claim.state.weights, teardown.drain_limit_seconds
        since = weights[-1][0] if weights else 0.0
        sources = teardown.arrivals if limit else ()
        self._wait = Departure(since, self._began, teardown.drain_seconds, limit, is_counted=bool(sources))
        namespace = claim.state.workloads.namespace if claim.state.workloads else ""
        start = since or self._began - _RENEW_SECONDS
        self._looks = [one.watch(namespace, side.deployments, start) for one in sources]

    def until_quiet(self) -> None:
        """Wait; see `drain`."""
        while True:
            now = self._now()
            seen = next((found for look in self._looks if (found := look(now)) is not None), None)
            left = self._wait.seconds_left(seen, now)
            if left <= 0:
                break
            self._pause(min(left, _LOOK_SECONDS if self._looks else _RENEW_SECONDS))
        if seen is not None and self._wait.is_still_used(seen, now):
            raise self._still_used(seen, now)
        self._log_end(seen, now)

    def _still_used(self, seen: Arrivals, now: float) -> StillInUse:
        cause = (
            f"{seen.source} still counted {seen.per_second:.3g} requests a second to {self._named},"
            f" {now - self._began:.0f} s after this wait began, although no route gives it weight. It stays up, and so"
            f" does the claim of run {self._claim.run}. The proxies have not heard of the new weight: check istiod"
            " (istioctl proxy-status), and who else sends requests there. Then run rollback again, or wait for sweep,"
            " which looks again."
        )
        return StillInUse(f"waiting for requests to leave {self._named}", cause)

    def _log_end(self, seen: Arrivals | None, now: float) -> None:
        """Log how long it took, or that nobody saw the requests leave."""
        about = {"deployments": list(self._side.deployments), "seconds": round(now - self._began, 1)}
        if seen is not None and self._wait.is_quiet(seen):
            log.info("drain.quiet", **about, source=seen.source)
        elif self._looks and self._wait.since:
            detail = "neither Prometheus nor the proxies of its pods showed that requests had left it"
            log.warning("drain.unseen", **about, detail=detail)

    def _now(self) -> float:
        """Return the API server's time, or more if the pauses say so: a clock that stands still must not hold us."""
        return max(self._claims.now(), self._began + self._paused)

    def _pause(self, seconds: float) -> None:
        self._teardown.pause(seconds)
        self._paused += seconds
        if self._paused - self._renewed >= _RENEW_SECONDS:
            self._renewed = self._paused
            self._claim = self._claims.update_state(self._claim)
