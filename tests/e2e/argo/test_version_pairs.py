"""Two Deployments that people deploy, v1 and v2 behind one Service, as `argo submit` and `undo` move their users."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.argo.workflow import Workflow, image
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure, install
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE
from tests.support.processes import ROOT

pytestmark = pytest.mark.e2e

V1, V2 = "shop-v1", "shop-v2"
UNDO_SECONDS = 60.0
"""An idle machine needs 5 s, most of them for the pods of the old arm to start; a busy one several times as long."""


@pytest.fixture
def pair(images: None) -> Iterator[ClusterLab]:
    """Return a namespace where shop-v1 serves nine tenths, shop-v2 the rest, and a header leads to shop-v2 alone."""
    with ClusterLab(f"e2e-{random.randrange(10**8)}") as lab:
        install(lab, ROOT / "workflows" / "base")
        configure(lab, standby_seconds=1)
        versions = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
        lab.apply([
            (SERVICE, manifests.service("shop", {"app": "shop"})),
            (DESTINATION_RULE, {"metadata": {"name": "shop"}, "spec": {"host": "shop", "subsets": versions}}),
            *((DEPLOYMENT, _deployment(name)) for name in (V1, V2)),
            (VIRTUAL_SERVICE, _routes()),
        ])  # fmt: skip
        for name in (V1, V2):
            lab.wait_until_rolled_out(name)
        yield lab


def test_a_pair_is_released_in_two_words_and_undone_within_a_minute(pair: ClusterLab) -> None:
    """`init | kubectl apply`, app and image; users never fail, and undo has them back on the old arm."""
    kubectl(pair, "apply", "-f", "-", given=_canary_steps(pair, "init", "--no-rbac"))
    assert (100, 0) == _weights(pair)
    with pair.load(40) as users, pair.load(5, headers={"x-preview": "on"}) as testers:
        _wait_for_past(pair, users)
        release = Workflow.release(pair, "v2")
        assert "Succeeded" == release.wait_for_end(), release.ran
        assert "promoted" == release.result("promote", "outcome")
        assert (0, 100) == _weights(pair)
        assert ("demo/shop:v1", "demo/shop:v2") == (image(pair, V1), image(pair, V2))
        pair.wait_for(lambda: pair.get(DEPLOYMENT, V1)["spec"]["replicas"] == 0, what="the end of the standby")
        began = time.time()
        _canary_steps(pair, "undo", "--reason", "checkout fails", "--drain-seconds", "2")
        returned = users.wait_for(lambda view: {"v1"} == set(view.since(time.time() - 1).versions()))
        last_of_v2 = returned.last_seen("v2")
        assert last_of_v2 is not None
        assert UNDO_SECONDS > last_of_v2 - began
        assert (100, 0) == _weights(pair)
        assert "undone" == _record(pair)["outcome"]
        assert 0 == testers.stop().failed()
    seen = users.stop()
    assert 0 == seen.failed(), seen.per_second()


def _deployment(name: str) -> dict[str, Any]:
    made = manifests.deployment(name, "demo/shop:v1", 2, {"app": "shop", "version": name.removeprefix("shop-")})
    return {**made, "metadata": {**made["metadata"], "name": name}}


def _routes() -> dict[str, Any]:
    v1, v2 = ({"host": "shop", "subset": name, "port": {"number": 80}} for name in ("v1", "v2"))
    preview = {"match": [{"headers": {"x-preview": {"exact": "on"}}}], "route": [{"destination": v2}]}
    split = {"route": [{"destination": v1, "weight": 90}, {"destination": v2, "weight": 10}]}
    gateways = ["istio-system/public", "mesh"]
    return {"metadata": {"name": "shop"}, "spec": {"hosts": ["shop"], "gateways": gateways, "http": [preview, split]}}


def _weights(lab: ClusterLab) -> tuple[int, ...]:
    split = lab.get(VIRTUAL_SERVICE, "shop")["spec"]["http"][-1]["route"]
    return tuple(int(one.get("weight", 0)) for one in split)


def _record(lab: ClusterLab) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        lab.get(VIRTUAL_SERVICE, "shop")["metadata"]["annotations"]["canary-steps.io/last.shop"]
    )
    return found


def _wait_for_past(lab: ClusterLab, users: Load) -> None:
    """Wait until Prometheus has seen ten seconds of users."""
    seen = f'sum(istio_requests_total{{destination_workload="{V1}",destination_workload_namespace="{lab.namespace}"}})'
    users.wait_for(lambda _: any(float(one["value"][1]) > 400 for one in lab.query(seen)), 60)


def _canary_steps(lab: ClusterLab, step: str, *flags: str) -> str:
    """Run a step as a person does, and return what it printed."""
    where = ("--app", "shop", "--namespace", lab.namespace, "--kubeconfig", str(lab.kubeconfig))
    done = subprocess.run(
        [sys.executable, "-m", "steps", step, *where, *flags], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout
