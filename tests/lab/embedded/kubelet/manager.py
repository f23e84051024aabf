"""Runs the controllers and the pods in one event loop: at every change of an object, and periodically."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp

from tests.lab.embedded.kubelet.pod import PodLife, Surroundings
from tests.support.controllers.deployments import Deployments
from tests.support.controllers.endpoint_slices import EndpointSlices
from tests.support.controllers.garbage import collect
from tests.support.controllers.replica_sets import ReplicaSets
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, REPLICA_SET, SERVICE, Kind

_LOOK_AGAIN_SECONDS = 0.5
_DEBOUNCE_SECONDS = 0.01
_WATCHED = {DEPLOYMENT, REPLICA_SET, POD, SERVICE}


class ControllerManager:
    """Turns Deployments into ReplicaSets, pods and processes."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._deployments = Deployments(around.store)
        self._replica_sets = ReplicaSets(around.store)
        self._endpoint_slices = EndpointSlices(around.store)
        self._lives: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Reconcile until cancelled; the owner of the pods' processes stops them."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake(kind: Kind, _namespace: str, _name: str) -> None:
            if kind in _WATCHED:
                loop.call_soon_threadsafe(woken.set)

        self._around.store.subscribe(wake)
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    self._pass(session)
                    try:
                        await asyncio.wait_for(woken.wait(), _LOOK_AGAIN_SECONDS)
                        await asyncio.sleep(_DEBOUNCE_SECONDS)
                    except TimeoutError:
                        pass
                    woken.clear()
            finally:
                for life in self._lives.values():
                    life.cancel()
                await asyncio.gather(*self._lives.values(), return_exceptions=True)

    def _pass(self, session: aiohttp.ClientSession) -> None:
        store = self._around.store
        for deployment in store.list(DEPLOYMENT):
            self._tolerant(lambda: self._deployments.reconcile(deployment))  # noqa: B023 - called at once
        for replica_set in store.list(REPLICA_SET):
            self._tolerant(lambda: self._replica_sets.reconcile(replica_set))  # noqa: B023 - called at once
        self._tolerant(lambda: collect(store))
        for service in store.list(SERVICE):
            self._tolerant(lambda: self._endpoint_slices.reconcile(service))  # noqa: B023 - called at once
        self._tolerant(self._endpoint_slices.collect)
        for pod in store.list(POD):
            uid, metadata = pod["metadata"]["uid"], pod["metadata"]
            if uid not in self._lives:
                life = PodLife(self._around, session, metadata["namespace"], metadata["name"])
                self._lives[uid] = asyncio.get_running_loop().create_task(life.run())
        for uid, task in list(self._lives.items()):
            if task.done():
                del self._lives[uid]
                if not task.cancelled() and (error := task.exception()) is not None:
                    raise error

    @staticmethod
    def _tolerant(reconcile: Callable[[], None]) -> None:
        """Ignore a race with another write or deletion: the next pass sees the new state."""
        try:
            reconcile()
        except ApiError as error:
            if error.code not in {404, 409}:
                raise
