"""The front of the cluster lab, with the interface of the embedded one: a namespace with a mesh, apps and users.

with ClusterLab() as lab:
    lab.registry.push("demo/shop:v1")
    lab.deploy_app("shop", image="demo/shop:v1")
    with lab.load(40) as load:
        ...

It starts the cluster of this machine if it does not run. If CANARY_TEST_KUBECONFIG names another one, that is used;
CANARY_TEST_PROMETHEUS_URL and CANARY_TEST_GATEWAY_URL must then be set, as seen from here.
"""

import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tests.lab.cluster import cluster, daemons
from tests.lab.cluster.addresses import GATEWAY_URL, KUBECONFIG, PROMETHEUS_URL
from tests.lab.cluster.api import Api, Json
from tests.lab.cluster.registry import Registry
from tests.lab.embedded.load import Load
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, Kind
from tests.support.processes import Processes, make_state_dir


class ClusterLab:
    """A namespace of a cluster; enter it to make it, leave it to let it be deleted. The cluster stays up."""

    def __init__(self, namespace: str = "demo") -> None:
        existing = os.environ.get("CANARY_TEST_KUBECONFIG", "")
        self.is_own = existing in {"", str(KUBECONFIG)}
        self.namespace = namespace
        self.kubeconfig = Path(existing or KUBECONFIG)
        self.prometheus_url = os.environ.get("CANARY_TEST_PROMETHEUS_URL", PROMETHEUS_URL)
        """As seen from here; pods of the lab's own cluster reach it by the same address."""
        self.gateway_url = os.environ.get("CANARY_TEST_GATEWAY_URL", GATEWAY_URL)
        self.registry = Registry(is_own_node=self.is_own)
        self.state = make_state_dir()
        self.processes = Processes(self.state)
        self._numbers = count(1)

    def __enter__(self) -> Self:
        self.api = cluster.up() if self.is_own else Api(self.kubeconfig)
        self.api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}])
        self.wait_for(lambda: self.api.items("v1", "ServiceAccount", self.namespace), what="a service account")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.processes.stop_all()
        # Nobody uses its name again, and its pods take ten seconds to end.
        self.api.delete("v1", "Namespace", self.namespace)
        shutil.rmtree(self.state, ignore_errors=True)

    def deploy_app(
        self, name: str = "shop", image: str = "demo/shop:v1", *, replicas: int = 2,
        topology: manifests.Topology = "hosts", pull_policy: str = "IfNotPresent", wait: bool = True,
    ) -> None:  # fmt: skip
        """Create an app with all weight on stable and, by default, wait until users are served by it."""
        self.apply(manifests.app(name, image, replicas, topology, pull_policy))
        if wait:
            self.wait_until_rolled_out(name)
            self.wait_for(lambda: self._answers(name), what=f"{name} served by the gateway")

    def deploy_canary(self, name: str = "shop", image: str = "demo/shop:v2", *, replicas: int = 1) -> None:
        """Create `<name>-canary` as the product would: for tests of the lab, or of single steps (topology hosts)."""
        canary = f"{name}-canary"
        self.apply([(DEPLOYMENT, manifests.deployment(canary, image, replicas, {"app": canary}))])

    def apply(self, items: list[tuple[Kind, Json]]) -> None:
        """Apply objects of the shared manifests."""
        typed = [{"apiVersion": kind.api_version, "kind": kind.kind, **item} for kind, item in items]
        self.api.apply(typed, self.namespace)

    def host(self, app: str) -> str:
        """Return the name by which users ask the gateway for an app."""
        return f"{app}.{self.namespace}.svc.cluster.local"

    def load(
        self, rate: float, host: str = "shop", *, path: str = "/", seconds: float = 600.0,
        headers: dict[str, str] | None = None,
    ) -> Load:  # fmt: skip
        """Start users of the app `host`: `rate` requests a second, for at most `seconds`."""
        out = self.state / f"load-{next(self._numbers)}.txt"
        sent = {"Host": self.host(host), **(headers or {})}
        return Load(self.processes, out, [f"{self.gateway_url}{path}"], rate=rate, seconds=seconds, headers=sent)

    def get(self, kind: Kind, name: str) -> Json:
        """Read an object of the namespace."""
        return self.api.get(kind.api_version, kind.kind, name, self.namespace)

    def pods(self, workload: str) -> list[Json]:
        """Return the pods of an app's arm, including those being deleted."""
        return self.api.items("v1", "Pod", self.namespace, labelSelector=f"app={workload}")

    def wait_until_rolled_out(self, name: str, timeout_seconds: float = 60.0) -> None:
        """Wait until a Deployment's newest template runs everywhere and is ready."""

        def rolled_out() -> bool:
            item = self.get(DEPLOYMENT, name)
            status, wanted = item.get("status", {}), item["spec"]["replicas"]
            counts = [status.get(k, 0) for k in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")]
            return status.get("observedGeneration") == item["metadata"]["generation"] and set(counts) == {wanted}

        self.wait_for(rolled_out, timeout_seconds, what=f"rollout of {name}")

    def wait_for(self, holds: Callable[[], object], timeout_seconds: float = 30.0, what: str = "the condition") -> None:
        """Return as soon as `holds()` is true; raise TimeoutError when the time is over."""
        daemons.wait_for(lambda: bool(holds()), timeout_seconds, what, poll_seconds=0.2)

    def query(self, expression: str, url: str = "") -> list[Json]:
        """Return the result of an instant query to the lab's Prometheus or one at `url`, empty if it is not reached."""
        try:
            answer = requests.get(f"{url or self.prometheus_url}/api/v1/query", {"query": expression}, timeout=10)
            found: list[Json] = answer.json()["data"]["result"]
        except requests.RequestException:
            return []
        return found

    def _answers(self, app: str) -> bool:
        try:
            return requests.get(self.gateway_url, headers={"Host": self.host(app)}, timeout=2).ok
        except requests.RequestException:
            return False
