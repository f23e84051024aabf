"""istiod's stand-in: at every change of an object, writes Envoy's new configuration into watched folders."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from tests.lab.embedded.addresses import GATEWAY_PORT
from tests.lab.embedded.kubelet.pod import port_of
from tests.lab.embedded.mesh import metrics, resources
from tests.lab.embedded.mesh.delivery import Delivery, Snapshot
from tests.lab.embedded.mesh.matches import UnknownFieldError
from tests.lab.embedded.mesh.routes import route_configuration
from tests.lab.embedded.mesh.services import clusters, identity
from tests.support.kubernetes_api.kinds import DESTINATION_RULE, POD, SERVICE, VIRTUAL_SERVICE, Json, Kind
from tests.support.kubernetes_api.store import Store

_DEBOUNCE_SECONDS = 0.01
_SIDECAR_PORT = 15006
_WATCHED = {POD, SERVICE, VIRTUAL_SERVICE, DESTINATION_RULE}


class Pilot:
    """Keeps the files of all gateways in step with the store."""

    def __init__(self, store: Store, folder: Path, gateways: list[str], *, sidecars: bool) -> None:
        self._store = store
        self._folder = folder
        self._gateways = gateways
        self._sidecars = sidecars
        self._written: dict[str, str] = {}
        self._delivery = Delivery(self._write_all)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self.refused: UnknownFieldError | None = None
        """Why the newest objects are not applied: the lab cannot do what they ask for."""
        self.scrape_targets = folder / "targets" / "sidecars.json"
        self.publish()

    def clusters_file(self, number: int) -> Path:
        """Return where gateway `number` reads its clusters; sidecars live in the first one."""
        return self._folder / f"clusters-{min(number, 1)}" / "clusters.json"

    def listeners_file(self, number: int) -> Path:
        """Return where gateway `number` reads its listeners."""
        return self._folder / f"listeners-{number}" / "listeners.json"

    async def run(self) -> None:
        """Publish at every change until cancelled."""
        self._loop = asyncio.get_running_loop()
        wake = self._loop.call_soon_threadsafe

        def changed(kind: Kind, _namespace: str, _name: str) -> None:
            if kind in _WATCHED:
                wake(self._woken.set)

        self._store.subscribe(changed)
        while True:
            self.publish()
            await self._woken.wait()
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            self._woken.clear()

    def change(self, *, delay_seconds: float, alive: bool) -> None:
        """Be late or dead from now on, or work again and publish what the proxies missed. From any thread."""

        def changed() -> None:
            self._delivery.change(delay_seconds=delay_seconds, alive=alive)
            self._woken.set()

        if self._loop is None:
            changed()
        else:
            self._loop.call_soon_threadsafe(changed)

    def publish(self) -> None:
        """Publish the present files, unless this control plane is dead or cannot do what the objects ask for."""
        pods = [p for p in self._store.list(POD) if self._sidecars and p.get("status", {}).get("podIP")]
        self._write_targets(pods)
        if not self._delivery.alive:
            return
        try:
            self._delivery.send(self._snapshot(pods))
            self.refused = None
        except UnknownFieldError as error:
            self.refused = error

    def _snapshot(self, pods: list[Json]) -> Snapshot:
        """Return all files: first what routes refer to, then the routes."""
        known = clusters(self._store, sidecar_port=_SIDECAR_PORT if self._sidecars else 0)
        routes = self._folder / "routes" / "routes.json"
        files: list[tuple[Path, list[Json]]] = []
        outbound = []
        for cluster in known:
            endpoints = self._folder / "endpoints" / (re.sub(r"[^a-z0-9.-]", "_", cluster.name) + ".json")
            outbound.append(resources.outbound_cluster(cluster, endpoints))
            files.append((endpoints, [resources.assignment(cluster)]))
        inbound = [
            resources.inbound_cluster(p["metadata"]["name"], (p["status"]["podIP"], port_of(p))) for p in pods
        ]  # fmt: skip
        for number, address in enumerate(self._gateways):
            first = number == 0
            files.append((self.clusters_file(number), outbound + (inbound if first else [])))
            listeners = [resources.gateway_listener((address, GATEWAY_PORT), routes)]
            listeners += [self._sidecar(pod) for pod in pods if first]
            files.append((self.listeners_file(number), listeners))
        files.append((routes, [route_configuration(self._store)]))
        return [(str(path), json.dumps({"resources": items})) for path, items in files]

    def _sidecar(self, pod: Json) -> Json:
        name, known = pod["metadata"]["name"], identity(pod)
        # Fixed from the start; otherwise the listener would be drained when the pod becomes an endpoint.
        host = f"{known['workload']}.{known['namespace']}.svc.cluster.local"
        labels = metrics.destination_labels(known, host, name)
        return resources.sidecar_listener(name, (pod["status"]["podIP"], _SIDECAR_PORT), labels)

    def _write_targets(self, pods: list[Json]) -> None:
        """Tell Prometheus of one target per sidecar; it asks the shared Envoy for the stats of that pod only."""
        targets = [
            {
                "targets": [f"{pod['status']['podIP']}:15020"],
                "labels": {"pod": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]},
            }
            for pod in pods
        ]
        self._write(str(self.scrape_targets), json.dumps(targets))

    def _write_all(self, snapshot: Snapshot) -> None:
        for path, text in snapshot:
            self._write(path, text)

    def _write(self, where: str, text: str) -> None:
        """Write a file unless it has this content already."""
        if self._written.get(where) == text:
            return
        path = Path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.parent.with_name(path.parent.name + ".staged")
        staged.write_text(text)
        # Envoy reads when a file is moved into the folder, so it never reads half a file.
        staged.rename(path)
        self._written[where] = text
