"""The embedded lab's kubelet and controllers: pods fail and recover as in a real cluster."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.embedded.lab import EmbeddedLab
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT

pytestmark = pytest.mark.integration
Json = dict[str, Any]


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab without an app."""
    with EmbeddedLab(await_prometheus=False) as lab:
        lab.registry.push("demo/shop:v1")
        yield lab


def waiting_reason(lab: EmbeddedLab, workload: str) -> str:
    """Return why the newest pod of a workload does not run."""
    statuses = [pod.get("status", {}).get("containerStatuses") or [{}] for pod in lab.pods(workload)]
    reasons = [one[0].get("state", {}).get("waiting", {}).get("reason", "") for one in statuses]
    return "".join(reasons[-1:])


def set_image(lab: EmbeddedLab, name: str, image: str, **spec: object) -> None:
    """Change a Deployment's image, and maybe more of its spec."""

    def change(item: Json) -> Json:
        item["spec"]["template"]["spec"]["containers"][0]["image"] = image
        return {**item, "spec": {**item["spec"], **spec}}

    lab.api.store.change(DEPLOYMENT, lab.namespace, name, change)


def serve_on(port: int) -> None:
    """Deploy an app with its own port in a lab of its own."""
    with EmbeddedLab(await_prometheus=False) as lab:
        lab.registry.push("demo/shop:v1")
        item = manifests.deployment("shop", "demo/shop:v1", 1, {"app": "shop"})
        item["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = port
        lab.api.store.create(DEPLOYMENT, lab.namespace, item)
        lab.wait_until_rolled_out("shop")


def test_a_rolling_update_loses_no_request(lab: EmbeddedLab) -> None:
    """New pods are ready before old ones drain and stop."""
    lab.registry.push("demo/cart:v1", latency_ms=40)
    lab.registry.push("demo/cart:v2", latency_ms=40)
    lab.deploy_app("cart", "demo/cart:v1", replicas=2)
    with lab.load(60, "cart") as load:
        load.wait_for(lambda view: len(view.records) > 20)
        set_image(lab, "cart", "demo/cart:v2")
        lab.wait_until_rolled_out("cart")
        begun = time.time()
        seen = load.wait_for(lambda view: len(view.since(begun + 1.0).records) > 20)
    assert set(seen.since(begun + 1.0).versions()) == {"v2"}
    assert seen.failures() == ()
    revisions = lab.api.store.get(DEPLOYMENT, "demo", "cart")["metadata"]["annotations"]
    assert revisions["deployment.kubernetes.io/revision"] == "2"


def test_an_unknown_image_waits_to_be_pulled_until_it_exists(lab: EmbeddedLab) -> None:
    """ImagePullBackOff, as a kubelet reports it; then the digest that runs."""
    lab.deploy_canary("late", "demo/late:v1")
    lab.wait_for(lambda: waiting_reason(lab, "late-canary") == "ImagePullBackOff")
    image = lab.registry.push("demo/late:v1")
    lab.wait_until_rolled_out("late-canary")
    [pod] = lab.pods("late-canary")
    assert pod["status"]["containerStatuses"][0]["imageID"] == f"demo/late@{image.digest}"
    assert pod["status"]["podIP"].startswith("127.")


def test_a_port_that_a_process_has_at_all_addresses_is_named_at_once() -> None:
    """No app of the lab could ever listen on it."""
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match=rf"port {port} of 127.* at all addresses"):
            serve_on(port)


def test_a_crashing_app_ends_in_crash_loop_back_off(lab: EmbeddedLab) -> None:
    """With the number of restarts and the exit code."""
    lab.registry.push("demo/crash:v1", crash_after_seconds=0.1, exit_code=9)
    lab.deploy_canary("crash", "demo/crash:v1")

    def crashed() -> bool:
        statuses = [one for pod in lab.pods("crash-canary") for one in pod["status"].get("containerStatuses", [])]
        return any(
            one["restartCount"] >= 2 and one["lastState"]["terminated"]["exitCode"] == 9 for one in statuses
        )  # fmt: skip

    lab.wait_for(crashed)
    lab.wait_for(lambda: waiting_reason(lab, "crash-canary") == "CrashLoopBackOff")
    lab.api.store.delete(DEPLOYMENT, "demo", "crash-canary")
    lab.wait_for(lambda: lab.pods("crash-canary") == [])


def test_a_pod_that_is_never_ready_exceeds_the_progress_deadline(lab: EmbeddedLab) -> None:
    """While the old pods go on serving; an undone template is the old ReplicaSet again."""
    lab.registry.push("demo/stuck:v1")
    lab.registry.push("demo/stuck:v2", ready=False)
    lab.deploy_app("stuck", "demo/stuck:v1", replicas=1)
    set_image(lab, "stuck", "demo/stuck:v2", progressDeadlineSeconds=1)

    def progressing() -> str:
        conditions = lab.api.store.get(DEPLOYMENT, "demo", "stuck")["status"]["conditions"]
        return str(next(one["reason"] for one in conditions if one["type"] == "Progressing"))

    lab.wait_for(lambda: progressing() == "ProgressDeadlineExceeded")
    assert lab.api.store.get(DEPLOYMENT, "demo", "stuck")["status"]["availableReplicas"] == 1
    set_image(lab, "stuck", "demo/stuck:v1")
    lab.wait_until_rolled_out("stuck")
    assert progressing() == "NewReplicaSetAvailable"


def test_a_moved_tag_is_seen_by_those_who_pull_always(lab: EmbeddedLab) -> None:
    """IfNotPresent runs what the node has, whatever the tag means by now."""
    first = lab.registry.push("demo/moved:v1")
    lab.deploy_canary("moved", "demo/moved:v1")
    lab.wait_until_rolled_out("moved-canary")
    second = lab.registry.push("demo/moved:v1", latency_ms=9)
    assert first.digest != second.digest
    lab.deploy_canary("present", "demo/moved:v1")
    lab.wait_until_rolled_out("present-canary")
    lab.deploy_app("always", "demo/moved:v1", replicas=1, pull_policy="Always")
    running = {
        name: lab.pods(name)[0]["status"]["containerStatuses"][0]["imageID"] for name in ("present-canary", "always")
    }
    assert running == {"present-canary": first.by_digest, "always": second.by_digest}


def test_a_workload_without_room_stays_pending(lab: EmbeddedLab) -> None:
    """Until there is room."""
    lab.unschedulable("big-canary", "0/1 nodes are available: 1 Insufficient memory.")
    lab.deploy_canary("big", "demo/shop:v1")
    lab.wait_for(lambda: [p["status"].get("phase") for p in lab.pods("big-canary")] == ["Pending"])
    [condition] = lab.pods("big-canary")[0]["status"]["conditions"]
    assert (condition["reason"], condition["status"]) == ("Unschedulable", "False")
    lab.unschedulable("big-canary", "")
    lab.wait_until_rolled_out("big-canary")
