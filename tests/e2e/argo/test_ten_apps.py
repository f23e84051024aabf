"""Ten small apps released at once on one node: none starves, none affects another."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest

from tests.e2e.argo.workflow import Workflow, image, is_at_rest, record
from tests.e2e.setup import configure
from tests.lab.cluster.lab import ClusterLab

pytestmark = [pytest.mark.e2e, pytest.mark.full, pytest.mark.alone]

VERSIONS = {f"app-{number}": ("v2", "v3", "errors")[number % 3] for number in range(10)}
RATE = 8


def test_ten_apps_at_once_end_each_on_its_own_version(lab: ClusterLab) -> None:
    """A third of them are bad; each has its own claim, its own verdict and its own users."""
    for app in VERSIONS:
        lab.deploy_app(app, replicas=1, wait=False)
        configure(lab, app, prometheus_url=lab.prometheus_url)
    for app in VERSIONS:
        lab.wait_until_rolled_out(app, 120)
    with ExitStack() as stack:
        loads = {app: stack.enter_context(lab.load(RATE, app)) for app in VERSIONS}
        for app in VERSIONS:
            lab.wait_for(partial(_has_a_past, lab, app), 90, f"a past of {app}")
        runs = {
            app: Workflow.submit(lab, "canary-release-lean", app=app, image=f"demo/shop:{version}", weights="[50]")
            for app, version in VERSIONS.items()
        }
        for app, version in VERSIONS.items():
            is_good = version != "errors"
            assert runs[app].wait_for_end(600) == ("Succeeded" if is_good else "Failed"), app
            assert image(lab, app) == f"demo/shop:{version if is_good else 'v1'}"
            assert record(lab, app)["run"] == runs[app].uid
            assert is_at_rest(lab, app)
            assert set(loads[app].stop().versions()) == {"v1", version}


def _has_a_past(lab: ClusterLab, app: str) -> bool:
    arm = f'destination_workload="{app}",destination_workload_namespace="{lab.namespace}"'
    return any(float(one["value"][1]) > 10 * RATE for one in lab.query(f"sum(istio_requests_total{{{arm}}})"))
