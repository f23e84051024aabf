"""Teardown of a run: time limits, and the drain: a side stops when requests have left it, seen rather than assumed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from steps.actions.still_used import Leaving, require_no_route
from steps.claim.claims import Claims
from steps.errors import StillInUse
from steps.model.arrivals import Arrivals, ArrivalSource, LookAtArrivals
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_RENEW_SECONDS = 30.0
_LOOK_SECONDS = 2.0
_LONGEST_SECONDS = 300.0
"""However slowly somebody counts, no side stays up longer than this for want of a count."""

_SURE = 4.6
"""So many requests are missed by chance only once in a hundred times: a quiet app must be watched longer."""


@dataclass(frozen=True, slots=True)
class TeardownPolicy:
    """Time limits for the end of a run.

    Args:
        ready_timeout_seconds: how long stable may take to become ready with its old template (> 0).
        drain_seconds: time between the last request to a side and its end (>= 0).
        pause: waits so many seconds.
        standby_seconds: how long the old arm of a swap stays ready (>= 0).
        keep_standby: whether it stays up for good.
        drain_limit_seconds: how long to wait for requests to leave a side (>= 0).
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

    No route may give it weight, which is read from the API server at the start and at the end. The requests that its
    proxies or Prometheus count must have ended `drain_seconds` ago. If nobody counts any, it waits for the limit.

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
    _Drain(claim, side, teardown, traffic.claims).wait()
    require_no_route(claim, side, traffic, workload)


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
        self._began = claims.now()
        weights = claim.state.weights
        # A side without any weight in this run has no requests of ours: only what is seen holds it.
        self._since = weights[-1][0] if weights else 0.0
        self._paused = self._renewed = 0.0
        namespace = claim.state.workloads.namespace if claim.state.workloads else ""
        self._looks = [one.watch(namespace, side.deployments, self._since or self._began) for one in teardown.arrivals]

    def wait(self) -> None:
        """Wait; see `drain`."""
        while True:
            now = self._now()
            seen = _first(self._looks, now)
            left = self._left(seen, now)
            if left <= 0:
                self._tell(seen, now)
                return
            self._pause(min(left, _LOOK_SECONDS if self._looks else _RENEW_SECONDS))

    def _left(self, seen: Arrivals | None, now: float) -> float:
        """Return for how many seconds to wait at least.

        Raises:
            StillInUse: requests still arrive at the limit.
        """
        least = self._teardown.drain_seconds
        passed = now - self._since
        limit = max(self._teardown.drain_limit_seconds, least) if self._since else least
        if seen is None:
            return (limit if self._looks else least) - passed
        quiet_since = max(self._since, seen.last)
        enough = max(0.5, _SURE / seen.before_per_second if seen.before_per_second else 0.0)
        watched = seen.until - max(quiet_since, seen.counted_from)
        if watched >= min(enough, max(0.5, limit)):
            return least - (now - quiet_since)
        patience = min(_LONGEST_SECONDS, max(limit, 2.5 * seen.interval))
        over = max(0.0, patience - (now - max(self._since, self._began)))
        if not over and seen.last > now - max(patience / 2, 1.5 * seen.interval):
            raise self._still_used(seen, now)
        return over

    def _still_used(self, seen: Arrivals, now: float) -> StillInUse:
        named = " and ".join(self._side.deployments)
        cause = (
            f"{seen.source} still counted {seen.per_second:.3g} requests a second to {named},"
            f" {now - self._since:.0f} s after its weight became 0, so it stays up and the claim of run"
            f" {self._claim.run} stays. The proxies have not heard of the new weight: check istiod"
            " (istioctl proxy-status) and who else sends requests there. Then run rollback again, or wait for sweep,"
            " which looks again."
        )
        return StillInUse(f"waiting for requests to leave {named}", cause)

    def _tell(self, seen: Arrivals | None, now: float) -> None:
        """Say how long it took, or that nobody saw the requests leave."""
        about = {"deployments": list(self._side.deployments), "seconds": round(now - self._began, 1)}
        if seen is not None and seen.until > max(self._since, seen.last):
            log.info("drain.quiet", **about, source=seen.source)
        elif self._looks and self._since:
            detail = "neither Prometheus nor the proxies of its pods showed whether requests had left it"
            log.warning("drain.unseen", **about, detail=detail)

    def _now(self) -> float:
        """Return the API server's time, or more if pauses say so: a test's clock may stand still."""
        return max(self._claims.now(), self._began + self._paused)

    def _pause(self, seconds: float) -> None:
        self._teardown.pause(seconds)
        self._paused += seconds
        if self._paused - self._renewed >= _RENEW_SECONDS:
            self._renewed = self._paused
            self._claim = self._claims.update_state(self._claim)


def _first(looks: Sequence[LookAtArrivals], now: float) -> Arrivals | None:
    """Return what the first source sees that sees anything."""
    return next((seen for look in looks if (seen := look(now)) is not None), None)
