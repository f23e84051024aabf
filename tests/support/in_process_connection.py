"""A connection to the fake cluster without a network."""

from __future__ import annotations

from collections.abc import Mapping

from steps.cluster.connection import ApiResponse, Connection
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.shop_release import NAMESPACE
from tests.support.stepped_cluster import SteppedCluster


class InProcessConnection(Connection):
    """A connection of one process to the stepped cluster, without a network."""

    default_namespace = NAMESPACE

    def __init__(self, world: SteppedCluster, kill_point: KillPoint) -> None:
        self._world, self._kill_point = world, kill_point
        self._timeout = self._retry_seconds = 0.0

    def now(self) -> float:
        """Return the server's time."""
        return self._world.store.now().timestamp()

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> ApiResponse:
        """Advance the cluster, then send the request; or die."""
        self._world.move()
        call = self._world.call(method, path, dict(query or {}), body)
        if self._kill_point.reached(call, "before"):
            raise Killed
        answer = self._world.answer(call)
        if self._kill_point.reached(call, "after"):
            raise Killed
        return answer
