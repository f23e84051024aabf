"""The canary's pods must be endpoints of its Service before its first requests."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from steps.errors import PermanentError
from steps.model.ports import RoutePorts
from steps.model.run import Destination, WorkloadState
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.kubernetes_api.kinds import ENDPOINT_SLICE, SERVICE
from tests.support.shop_release import NAMESPACE, renew

ROUTES = (RoutePorts("route primary", 80, 80),)
CANARY = Destination("shop-canary")


@pytest.fixture
def memory(cluster: FakeCluster, workload: Workload) -> WorkloadState:
    """Return the memory of a run whose canary is ready."""
    return prepared(cluster, workload)


def required(workload: Workload, memory: WorkloadState, seconds: float = 5.0, **more: Any) -> None:
    """Require endpoints on port 80."""
    workload.require_endpoints(memory, CANARY, more.get("routes", ROUTES), seconds, more.get("renew", renew))


def serve(cluster: FakeCluster, **spec: Any) -> None:
    """Change the canary's Service, as somebody might after prepare."""
    cluster.ends()  # from here on the controllers look once, now: no test waits for them
    cluster.store.change(SERVICE, NAMESPACE, "shop-canary", lambda item: {**item, "spec": {**item["spec"], **spec}})
    cluster.tick()


def refusal(workload: Workload, memory: WorkloadState, **more: Any) -> str:
    """Return the sentence of a refusal."""
    with pytest.raises(PermanentError) as caught:
        required(workload, memory, 0.2, **more)
    assert "looking for the endpoints of Service shop/shop-canary" == caught.value.action
    return caught.value.cause


def test_a_canary_with_ready_endpoints_passes(workload: Workload, memory: WorkloadState) -> None:
    """On the route's port, or on any port if the route names none."""
    required(workload, memory)
    required(workload, memory, routes=(RoutePorts("route primary", None, None),))


def test_a_target_port_that_no_pod_has_is_refused(
    cluster: FakeCluster, workload: Workload, memory: WorkloadState
) -> None:
    """Its slice has the pods but no port."""
    serve(cluster, ports=[{"port": 80, "name": "http", "targetPort": "web"}])
    said = refusal(workload, memory)
    assert (
        "after 0.2 s no pod of Deployment shop-canary is a ready endpoint of port 80 (http) with targetPort web" in said
    )
    assert "nothing is behind it. Its ready pods are shop-canary-" in said
    assert "their containers declare 8080 in container app. Users would get 503." in said
    assert said.endswith("kubectl -n shop get endpointslices -l kubernetes.io/service-name=shop-canary")


def test_endpoints_of_other_pods_are_not_the_canarys(
    cluster: FakeCluster, workload: Workload, memory: WorkloadState
) -> None:
    """The Service's selector was changed to stable's: ready endpoints, of the wrong version."""
    serve(cluster, selector={"app": "shop"})
    assert "only shop-" in refusal(workload, memory)


def test_a_canary_whose_pods_are_gone_is_refused(
    cluster: FakeCluster, workload: Workload, memory: WorkloadState
) -> None:
    """Somebody scaled it down."""
    cluster.change("shop-canary", replicas=0)
    cluster.settle("shop-canary")
    assert "Its ready pods are none at present" in refusal(workload, memory)


def test_late_endpoints_are_waited_for(cluster: FakeCluster, workload: Workload, memory: WorkloadState) -> None:
    """They follow readiness; the claim is renewed meanwhile."""
    serve(cluster, selector={"app": "nobody"})
    refusal(workload, memory)
    renewed = []

    def heal() -> None:
        renewed.append(True)
        serve(cluster, selector={"app": "shop-canary"})

    required(workload, memory, renew=heal)
    assert renewed


@pytest.mark.parametrize(("ready", "is_refused"), [(True, False), (None, False), (False, True)])
def test_an_endpoint_counts_unless_it_is_marked_not_ready(
    cluster: FakeCluster,
    workload: Workload,
    memory: WorkloadState,
    ready: bool | None,  # noqa: FBT001 - a parameter
    is_refused: bool,  # noqa: FBT001 - a parameter
) -> None:
    """The API documents that an unknown condition means ready."""
    cluster.ends()
    cluster.tick()
    conditions = {} if ready is None else {"ready": ready}

    def change(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "endpoints": [{**one, "conditions": conditions} for one in item["endpoints"]]}

    for item in cluster.store.list(ENDPOINT_SLICE, NAMESPACE, "kubernetes.io/service-name=shop-canary"):
        cluster.store.change(ENDPOINT_SLICE, NAMESPACE, item["metadata"]["name"], change)
    if is_refused:
        refusal(workload, memory)
    else:
        required(workload, memory)


@pytest.mark.parametrize("broken", [{"endpoints": None, "ports": None}, {"endpoints": [{}], "ports": [{}]}, {}])
def test_slices_without_content_are_no_endpoints(
    cluster: FakeCluster, workload: Workload, memory: WorkloadState, broken: dict[str, Any]
) -> None:
    """Kubernetes writes null for an empty list."""
    cluster.ends()
    for item in cluster.store.list(ENDPOINT_SLICE, NAMESPACE, "kubernetes.io/service-name=shop-canary"):
        cluster.store.delete(ENDPOINT_SLICE, NAMESPACE, item["metadata"]["name"])
    labels = {"kubernetes.io/service-name": "shop-canary"}
    cluster.create(ENDPOINT_SLICE, {"metadata": {"name": "x", "labels": labels}, "addressType": "IPv4", **broken})
    assert "nothing is behind it" in refusal(workload, memory)


def test_without_the_permission_a_warning_is_logged(
    cluster: FakeCluster, workload: Workload, memory: WorkloadState
) -> None:
    """The permission is optional: the check is skipped and nothing is refused."""
    serve(cluster, selector={"app": "nobody"})
    cluster.api.faults.deny("list", "endpointslices")
    with capture_logs() as logged:
        required(workload, memory, 0.2)
    assert ["endpoints.unknown"] == [line["event"] for line in logged]
