"""istiod's stand-in: at every change of an object, writes what changed for Envoy into watched folders."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from tests.lab.embedded.addresses import GATEWAY_PORT
from tests.lab.embedded.api.kinds import DESTINATION_RULE, POD, SERVICE, VIRTUAL_SERVICE, Json, Kind
from tests.lab.embedded.api.store import Store
from tests.lab.embedded.cluster.pod import port_of
from tests.lab.embedded.mesh import metrics, resources
from tests.lab.embedded.mesh.routes import route_configuration
from tests.lab.embedded.mesh.services import clusters, identity

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
        self._written: dict[Path, str] = {}
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
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake(kind: Kind, _namespace: str, _name: str) -> None:
            if kind in _WATCHED:
                loop.call_soon_threadsafe(woken.set)

        self._store.subscribe(wake)
        while True:
            self.publish()
            await woken.wait()
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            woken.clear()

    def publish(self) -> None:
        """Write the files that differ: first what routes refer to, then the routes."""
        known = clusters(self._store, sidecar_port=_SIDECAR_PORT if self._sidecars else 0)
        pods = [p for p in self._store.list(POD) if self._sidecars and p.get("status", {}).get("podIP")]
        routes = self._folder / "routes" / "routes.json"
        outbound = []
        for cluster in known:
            endpoints = self._folder / "endpoints" / (re.sub(r"[^a-z0-9.-]", "_", cluster.name) + ".json")
            outbound.append(resources.outbound_cluster(cluster, endpoints))
            self._write(endpoints, [resources.assignment(cluster)])
        inbound = [
            resources.inbound_cluster(p["metadata"]["name"], (p["status"]["podIP"], port_of(p))) for p in pods
        ]  # fmt: skip
        for number, address in enumerate(self._gateways):
            first = number == 0
            self._write(self.clusters_file(number), outbound + (inbound if first else []))
            listeners = [resources.gateway_listener((address, GATEWAY_PORT), routes)]
            listeners += [self._sidecar(pod) for pod in pods if first]
            self._write(self.listeners_file(number), listeners)
        self._write(routes, [route_configuration(self._store)])
        self._write_targets(pods)

    def _sidecar(self, pod: Json) -> Json:
        name, known = pod["metadata"]["name"], identity(pod)
        # Fixed from the start, or the listener would be drained when the pod becomes an endpoint.
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
        self._write_text(self.scrape_targets, json.dumps(targets))

    def _write(self, path: Path, items: list[Json]) -> None:
        self._write_text(path, json.dumps({"resources": items}))

    def _write_text(self, path: Path, text: str) -> None:
        if self._written.get(path) == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.parent.with_name(path.parent.name + ".staged")
        staged.write_text(text)
        # Envoy looks when something is moved into the folder, and so never reads half a file.
        staged.rename(path)
        self._written[path] = text
