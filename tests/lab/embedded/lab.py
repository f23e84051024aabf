"""The front of the embedded lab: a namespace with a mesh, a Prometheus, a kubeconfig, apps, users and faults.

with EmbeddedLab() as lab:
    lab.registry.push("demo/shop:v1")
    lab.deploy_app("shop", image="demo/shop:v1")
    with lab.load(40) as load:
        ...
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from itertools import count
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

from tests.lab.embedded.addresses import ADMIN_PORT, API_PORT, GATEWAY_PORT, Block
from tests.lab.embedded.kubelet.manager import ControllerManager
from tests.lab.embedded.kubelet.pod import Surroundings, workload_of
from tests.lab.embedded.load import Load
from tests.lab.embedded.mesh import envoy
from tests.lab.embedded.mesh.pilot import Pilot
from tests.lab.embedded.prometheus import Prometheus, plain_jobs
from tests.lab.embedded.registry import Node, Registry
from tests.lab.embedded.scraping import Scraping
from tests.support import manifests
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, Json
from tests.support.processes import Processes, make_state_dir


class EmbeddedLab:
    """A whole lab; enter it to start, leave it to stop every process and remove its state."""

    def __init__(
        self, namespace: str = "demo", *, reporter: Literal["source", "destination"] = "source", gateways: int = 1,
        scrape_seconds: float = 1.0, await_prometheus: bool = True, scraping: Scraping | None = None,
        more_namespaces: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.namespace = namespace
        self.registry = Registry()
        self._await_prometheus = await_prometheus
        self._numbers = count(1)
        self._block = Block()
        self.state = make_state_dir()
        self.processes = Processes(self.state)
        self.api = StandInApi(self._block.control, API_PORT, ("default", "istio-system", namespace, *more_namespaces))
        (self.state / "overrides").mkdir()
        self._around = Surroundings(self.api.store, Node(self.registry), self.processes, self._block, self.state)
        self._gateways = [self._block.gateway(number) for number in range(gateways)]
        self.gateway_addresses = tuple(self._gateways)
        self._pilot = Pilot(self.api.store, self.state / "mesh", self._gateways, sidecars=reporter == "destination")
        self.prometheus = Prometheus(
            self.processes, self.state / "prometheus", self._block.control,
            plain_jobs(self._gateways, self._pilot.scrape_targets), scraping or Scraping(), scrape_seconds,
        )  # fmt: skip
        self.prometheus_url = self.prometheus.url
        self.gateway_urls = [f"http://{address}:{GATEWAY_PORT}" for address in self._gateways]
        self.gateway_url = self.gateway_urls[0]
        self.kubeconfig = self.state / "kubeconfig"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded-lab", daemon=True)
        self._running: list[Future[None]] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._raise_failures()
        finally:
            self.close()

    def _start(self) -> None:
        # First, since its first sample takes it about six seconds.
        self.prometheus.start()
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.api.start(), self._loop).result(10)
        self.api.write_kubeconfig(self.kubeconfig, self.namespace)
        for number, address in enumerate(self._gateways):
            envoy.start(self.processes, self._pilot, self.state / "mesh", number, address)
        self._running = [self._spawn(ControllerManager(self._around).run()), self._spawn(self._pilot.run())]
        for address in self._gateways:
            self.wait_for(lambda: _answers(f"http://{address}:{ADMIN_PORT}/ready"), what="Envoy ready")  # noqa: B023
        if self._await_prometheus:
            self.wait_for(self._scraped, what="first scrape by Prometheus")

    def close(self) -> None:
        """Stop everything; safe to call twice."""
        for task in self._running:
            task.cancel()
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()
        self.processes.stop_all()
        self._block.release()
        shutil.rmtree(self.state, ignore_errors=True)

    def deploy_app(
        self, name: str = "shop", image: str = "demo/shop:v1", *, replicas: int = 2,
        topology: manifests.Topology = "hosts", pull_policy: str = "IfNotPresent", canary: str = "", wait: bool = True,
    ) -> None:  # fmt: skip
        """Create an app with all weight on stable and, by default, wait until users are served by it."""
        for kind, item in manifests.app(name, image, replicas, topology, pull_policy, canary):
            self.api.store.create(kind, self.namespace, item, manager="demo-team")
        if wait:
            self.wait_until_rolled_out(name)
            self.wait_for(lambda: _answers(self.gateway_url, host=name), what=f"{name} served by the gateway")

    def deploy_canary(self, name: str = "shop", image: str = "demo/shop:v2", *, replicas: int = 1) -> None:
        """Create `<name>-canary` as the product would: for tests of the lab, or of single steps (topology hosts)."""
        canary = f"{name}-canary"
        item = manifests.deployment(canary, image, replicas, {"app": canary})
        self.api.store.create(DEPLOYMENT, self.namespace, item, manager="demo-team")

    def load(
        self, rate: float, host: str = "shop", *, paths: tuple[str, ...] = ("/",), seconds: float = 600.0,
        headers: dict[str, str] | None = None,
    ) -> Load:  # fmt: skip
        """Start users of `host`: `rate` requests a second over all gateways and paths, for at most `seconds`."""
        out = self.state / f"load-{next(self._numbers)}.txt"
        urls = [f"{url}{path}" for path in paths for url in self.gateway_urls]
        return Load(self.processes, out, urls, rate=rate, seconds=seconds, headers={"Host": host, **(headers or {})})

    def override(self, name: str, **knobs: float | str | bool) -> None:
        """Change knobs of a workload's running (and coming) pods, or of one pod; without knobs, undo it."""
        path = self.state / "overrides" / f"{name}.json"
        staged = path.with_suffix(".staged")
        staged.write_text(json.dumps(knobs))
        staged.rename(path)

    def database(self, *, up: bool) -> None:
        """Take down (or bring back) the database of all apps with the knob uses_database."""
        flag = self.state / "database-down"
        if up:
            flag.unlink(missing_ok=True)
        else:
            flag.touch()

    def control_plane(self, *, delay_seconds: float = 0.0, alive: bool = True) -> None:
        """Delay all changes of configuration and endpoints on their way to the proxies, or hold them while not alive.

        Without arguments it works again, and the proxies get what they missed.
        """
        self._pilot.change(delay_seconds=delay_seconds, alive=alive)

    @property
    def refused(self) -> bool:
        """Whether the mesh is out of date because some object asks for what the lab cannot do."""
        return self._pilot.refused is not None

    def unschedulable(self, workload: str, message: str = "0/1 nodes are available: 1 Insufficient cpu.") -> None:
        """Make a workload's new pods unschedulable; an empty message makes room again."""
        self._around.unschedulable[workload] = message

    def pods(self, workload: str) -> list[Json]:
        """Return the pods of a workload, including those being deleted."""
        return [pod for pod in self.api.store.list(POD, self.namespace) if workload_of(pod) == workload]

    def wait_until_rolled_out(self, name: str, timeout_seconds: float = 90.0) -> None:
        """Wait until a Deployment's newest template runs everywhere and is ready."""

        def rolled_out() -> bool:
            item = self.api.store.get(DEPLOYMENT, self.namespace, name)
            status, wanted = item["status"], item["spec"]["replicas"]
            counts = [status.get(k, 0) for k in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")]
            return status.get("observedGeneration") == item["metadata"]["generation"] and set(counts) == {wanted}

        self.wait_for(rolled_out, timeout_seconds, what=f"rollout of {name}")

    def wait_for(self, holds: Callable[[], object], timeout_seconds: float = 30.0, what: str = "the condition") -> None:
        """Return as soon as `holds()` is true; raise TimeoutError when the time is over."""
        deadline = time.monotonic() + timeout_seconds
        while not holds():
            self._raise_failures()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {timeout_seconds} s")
            time.sleep(0.02)

    def query(self, expression: str) -> list[Json]:
        """Return the result of an instant query to Prometheus, empty if it cannot be reached."""
        try:
            with urllib.request.urlopen(f"{self.prometheus_url}/api/v1/query?query={quote(expression)}") as answer:
                found: list[Json] = json.load(answer)["data"]["result"]
                return found
        except OSError:
            return []

    def _scraped(self) -> bool:
        return len(self.query('up{job="istio-ingressgateway"} == 1')) == len(self._gateways)

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _raise_failures(self) -> None:
        if self._pilot.refused is not None:
            raise self._pilot.refused
        for task in self._running:
            if task.done() and not task.cancelled():
                task.result()

    async def _shut_down(self) -> None:
        await self.api.stop()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _answers(url: str, host: str = "") -> bool:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return bool(answer.status < 300)
    except (urllib.error.URLError, OSError):
        return False
