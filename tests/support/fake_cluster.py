"""A fake cluster: the stand-in API server and its controllers; a pod is only a status, no process runs.

The image decides what its pods do: after `cluster.push("shop:2", digest)` they run and get ready; with the fault
"never-ready" or "crashes" they do not. An image that was not pushed cannot be pulled.
"""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from steps.claim.deployments import ClaimedDeployments
from steps.claim.marks import Holder
from steps.cluster.api import Cluster
from steps.model.run import WorkloadState
from steps.model.workload import Release
from steps.workload.workload import Workload
from tests.support.controllers.at_rest import AtRest
from tests.support.controllers.deployments import Deployments
from tests.support.controllers.endpoint_slices import EndpointSlices
from tests.support.controllers.pod_status import ObservedPod, render
from tests.support.controllers.replica_sets import ReplicaSets
from tests.support.killed_process import KillableConnection
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.kinds import AUTOSCALER, DEPLOYMENT, POD, REPLICA_SET, SERVICE, Json, Kind
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, deployment, release, renew


class FakeCluster:
    """The stand-in API with controllers and a fake kubelet in a thread of their own.

    Attributes:
        at_rest: which objects the controllers leave out because nothing changed, None to look at all of them each time.
    """

    def __init__(self, folder: Path) -> None:
        self.api = StandInApi(namespaces=(NAMESPACE,))
        self.store = self.api.store
        self.digests: dict[str, str] = {}
        self.faulty: dict[str, str] = {}
        self.unschedulable = ""
        self.at_rest: AtRest | None = None
        self._folder = folder
        self._ended = False
        self._wake = threading.Event()
        self._pulled: dict[str, str] = {}
        self._deployments, self._replica_sets = Deployments(self.store), ReplicaSets(self.store)
        self._endpoint_slices = EndpointSlices(self.store)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def push(self, image: str, digest: str, fault: str = "") -> None:
        """Publish an image; `fault` is "", "never-ready" or "crashes"."""
        self.digests[image] = f"sha256:{digest}"
        self.faulty[image] = fault

    def connect(self) -> tuple[Workload, KillableConnection]:
        """Return a new process' view of the cluster."""
        connection = KillableConnection(str(self._folder / "kubeconfig"), retry_seconds=0.5)
        workload = Workload(Cluster(connection), KEY, poll_seconds=0.02, fault_grace_seconds=0.2, retry_seconds=2.0)
        return workload, connection

    def claimed(self, holder: Holder | None = None) -> ClaimedDeployments:
        """Return a new process' view of the tokens on Deployments."""
        cluster = Cluster(KillableConnection(str(self._folder / "kubeconfig"), retry_seconds=0.5))
        return ClaimedDeployments(cluster, KEY, retry_seconds=2.0, holder=holder)

    def deploy(self, name: str, image: str, replicas: int = 2, **spec: Any) -> None:
        """Create a Deployment and its Service, and wait until it is ready."""
        self.create(DEPLOYMENT, deployment(name, image, replicas, **spec))
        self.serve(name)
        self.settle(name)

    def serve(self, name: str, **selector: str) -> None:
        """Create a Service."""
        spec = {"selector": selector or {"app": name}, "ports": [{"port": 80, "name": "http"}]}
        self.create(SERVICE, {"metadata": {"name": name}, "spec": spec})

    def autoscale(self, name: str) -> None:
        """Create a HorizontalPodAutoscaler for a Deployment; nothing acts on it."""
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9}
        self.create(AUTOSCALER, {"metadata": {"name": name}, "spec": spec})

    def create(self, kind: Kind, item: Json) -> Json:
        """Create any object."""
        return self.store.create(kind, NAMESPACE, item)

    def get(self, name: str) -> Json:
        """Return a Deployment."""
        return self.store.get(DEPLOYMENT, NAMESPACE, name)

    def change(self, name: str, **spec: Any) -> None:
        """Change fields of a Deployment's spec, as another person would."""

        def change(item: Json) -> Json:
            return {**item, "spec": {**item["spec"], **spec}}

        self.store.change(DEPLOYMENT, NAMESPACE, name, change, manager="kubectl-edit")

    def set_image(self, name: str, image: str) -> None:
        """Run `kubectl set image`."""
        template = self.get(name)["spec"]["template"]
        template["spec"]["containers"][0]["image"] = image
        self.change(name, template=template)

    def always_pull(self, name: str, image: str) -> None:
        """Set an image that is pulled at every start, and wait until it is rolled out."""
        template = self.get(name)["spec"]["template"]
        template["spec"]["containers"][0] |= {"image": image, "imagePullPolicy": "Always"}
        self.change(name, template=template)
        self.settle(name)

    def image(self, name: str) -> str:
        """Return the image that a Deployment names."""
        return str(self.get(name)["spec"]["template"]["spec"]["containers"][0]["image"])

    def mark(self, name: str, key: str, value: str, where: str = "annotations") -> None:
        """Put an annotation or a label on a Deployment."""

        def change(item: Json) -> Json:
            marks = {**(item["metadata"].get(where) or {}), key: value}
            return {**item, "metadata": {**item["metadata"], where: marks}}

        self.store.change(DEPLOYMENT, NAMESPACE, name, change, manager="kubectl-edit")

    def settle(self, name: str) -> None:
        """Wait until a Deployment is rolled out."""

        def holds() -> bool:
            found = self.store.get(DEPLOYMENT, NAMESPACE, name)
            status, wanted = found.get("status", {}), found["spec"]["replicas"]
            counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
            return counts == {wanted} and status["observedGeneration"] == found["metadata"]["generation"]

        assert self.store.wait_for(holds, 10)

    def __enter__(self) -> Self:
        self.api.__enter__()
        self.api.write_kubeconfig(self._folder / "kubeconfig")
        self.store.subscribe(lambda *_: self._wake.set())
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ends()
        self.api.__exit__(kind, error, at)

    def ends(self) -> None:
        """End the controllers: no status changes any more."""
        self._ended = True
        self._wake.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(0.05)
            self._wake.clear()
            self.tick()

    def tick(self) -> None:
        """Let each controller and the kubelet reconcile once; none of them changes what it has listed."""
        before, self.store.shares_lists = self.store.shares_lists, True
        for kind, reconcile in (
            (DEPLOYMENT, self._deployments.reconcile),
            (REPLICA_SET, self._replica_sets.reconcile),
            (POD, self._run_pod),
            (SERVICE, self._endpoint_slices.reconcile),
        ):
            for item in self.store.list(kind):
                if self.at_rest is not None and self.at_rest.holds(kind, item):
                    continue
                revision = self.store.revision
                try:
                    reconcile(item)
                    if self.at_rest is not None and revision == self.store.revision:
                        self.at_rest.note(kind, item)
                except ApiError as error:
                    assert error.code in {404, 409}  # noqa: PT017 - a race; the next pass corrects it
        self.store.shares_lists = before

    def _run_pod(self, pod: Json) -> None:
        metadata, main = pod["metadata"], pod["spec"]["containers"][0]
        seen, image, fault = ObservedPod(ip="10.0.0.1"), main["image"], self.faulty.get(main["image"], "")
        before = (pod.get("status", {}).get("containerStatuses") or [{}])[0]
        digest = before.get("imageID") or self._pull(image, main["imagePullPolicy"])
        if self.unschedulable:
            seen.unschedulable = self.unschedulable
        elif not digest:
            seen.state = {"waiting": {"reason": "ImagePullBackOff", "message": f"no such image {image}"}}
        elif fault == "crashes":
            seen.image_id, seen.restart_count = digest, min(3, before.get("restartCount", 0) + 1)
            seen.state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
            ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": self.store.timestamp()}
            seen.last_state = {"terminated": ended}
        else:
            seen.image_id, seen.started, seen.ready = digest, True, fault != "never-ready"
            seen.state = {"running": {"startedAt": metadata["creationTimestamp"]}}
        status = render(pod, seen, self.store.timestamp())
        if status != pod.get("status"):
            self.store.set_status(POD, metadata["namespace"], metadata["name"], status, manager="kubelet")

    def _pull(self, image: str, policy: str) -> str:
        if policy == "Always" or image not in self._pulled:
            repository, _, digest = image.partition("@")
            found = digest or self.digests.get(image, "")
            self._pulled[image] = f"{repository.partition(':')[0]}@{found}" if found else ""
        return self._pulled[image]


def prepared(
    cluster: FakeCluster,
    workload: Workload,
    wanted: Release | None = None,
    claimed: ClaimedDeployments | None = None,
) -> WorkloadState:
    """Run what prepare does with the Deployments, and return what it remembers."""
    wanted = wanted or release()
    plan = workload.preflight(wanted)
    (claimed or cluster.claimed()).take(NAMESPACE, plan.state.deployments, TOKEN)
    workload.create_canary(wanted, plan, TOKEN)
    workload.ensure_capacity(plan.state, TOKEN, 10, 10, renew)
    return plan.state
