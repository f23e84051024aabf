"""The Job of docs/gitops.md, as Argo CD and Flux start it after a sync of a new image to the Deployment under test."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.kubectl import kubectl
from tests.e2e.setup import PRODUCT, SHIPPED, configure, install
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, VIRTUAL_SERVICE
from tests.support.processes import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.full]

PRIMARY = "shop-primary"


@pytest.fixture
def app(images: None) -> Iterator[ClusterLab]:
    """Return a namespace where shop-primary serves v1, and a sync has just brought v2 to shop."""
    with ClusterLab(f"e2e-{random.randrange(10**8)}") as lab:
        install(lab, ROOT / "workflows" / "base")
        configure(lab, prometheus_url=lab.prometheus_url, ladder="[20, 50]", topology="target-named",
                  canary_destination="shop-canary")  # fmt: skip
        hosts: list[dict[str, Any]] = [{"host": host, "port": {"number": 80}} for host in (PRIMARY, "shop-canary")]
        lab.apply([
            (SERVICE, manifests.service("shop", {"app": PRIMARY})),
            (SERVICE, manifests.service(PRIMARY, {"app": PRIMARY})),
            (SERVICE, manifests.service("shop-canary", {"app": "shop"})),
            (DEPLOYMENT, manifests.deployment(PRIMARY, "demo/shop:v1", 2, {"app": PRIMARY})),
            (DEPLOYMENT, manifests.deployment("shop", "demo/shop:v2", 1, {"app": "shop"})),
            (VIRTUAL_SERVICE, manifests.virtual_service("shop", *hosts)),
        ])  # fmt: skip
        for name in (PRIMARY, "shop"):
            lab.wait_until_rolled_out(name)
        yield lab


def test_a_sync_is_released_by_the_job_and_a_bad_one_rolled_back(app: ClusterLab) -> None:
    """The Job succeeds when v2 is promoted, and fails at its first pod when the next version answers 500."""
    with app.load(50) as users:
        _wait_for_past(app, users)
        assert ("Complete", 1) == _release(app)
        assert "demo/shop:v2" == _image(app, PRIMARY)
        assert ((100, 0), 0) == _rest(app)
        assert 0 == users.stop().failed()
    kubectl(app, "set", "image", "deployment/shop", "app=demo/shop:errors")
    with app.load(50):
        assert ("Failed", 1) == _release(app)
    assert "demo/shop:v2" == _image(app, PRIMARY)
    assert ((100, 0), 0) == _rest(app)


def _release(lab: ClusterLab) -> tuple[str, int]:
    """Start the Job anew; return how it ended, and how many pods it took."""
    kubectl(lab, "delete", "job", "shop-release", "--ignore-not-found")
    text = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8").replace(SHIPPED, PRODUCT)
    blocks = map(yaml.safe_load, re.findall(r"^```yaml\n(apiVersion: batch.*?)^```", text, re.MULTILINE | re.DOTALL))
    (job,) = blocks
    del job["metadata"]["namespace"]
    kubectl(lab, "create", "-f", "-", given=yaml.safe_dump(job))

    def ended() -> list[str]:
        status = lab.api.get("batch/v1", "Job", "shop-release", lab.namespace).get("status", {})
        return [one["type"] for one in status.get("conditions", []) if one["type"] in {"Complete", "Failed"}]

    lab.wait_for(ended, 240, "the end of the Job")
    pods = lab.api.items("v1", "Pod", lab.namespace, labelSelector="batch.kubernetes.io/job-name=shop-release")
    return ended()[0], len(pods)


def _image(lab: ClusterLab, name: str) -> str:
    return str(lab.get(DEPLOYMENT, name)["spec"]["template"]["spec"]["containers"][0]["image"])


def _rest(lab: ClusterLab) -> tuple[tuple[int, ...], int]:
    """Return the weights, and the replicas of the Deployment under test."""
    route = lab.get(VIRTUAL_SERVICE, "shop")["spec"]["http"][0]["route"]
    return tuple(int(one.get("weight", 0)) for one in route), int(lab.get(DEPLOYMENT, "shop")["spec"]["replicas"])


def _wait_for_past(lab: ClusterLab, users: Load) -> None:
    """Wait until Prometheus has seen ten seconds of users."""
    arm = f'destination_workload="{PRIMARY}",destination_workload_namespace="{lab.namespace}"'
    seen = f"sum(istio_requests_total{{{arm}}})"
    users.wait_for(lambda _: any(float(one["value"][1]) > 500 for one in lab.query(seen)), 60)
