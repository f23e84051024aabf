"""`helm uninstall` in the middle of a release returns users to stable first, and always ends."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.helm.chart import RATE, HelmApp
from tests.support.kubernetes_api.kinds import DEPLOYMENT

pytestmark = pytest.mark.e2e
versions = pytest.mark.parametrize("helm", ["helm3", pytest.param("helm4", marks=pytest.mark.full)], indirect=True)


@versions
def test_an_uninstall_ends_the_run_before_it_removes_anything(app: HelmApp) -> None:
    """The hook takes the claim over and rolls back; the upgrade that waits for the run fails; nothing stays."""
    lab = app.lab
    assert 0 == app.upgrade().code
    with lab.load(RATE) as users:
        users.wait_for(lambda view: len(view.records) > RATE, 30)
        command = app.command(*app.upgrade_arguments(image="demo/shop:v2", canary__interval="60s"))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as upgrade:
            users.wait_for(lambda view: view.versions()["v2"] > 4, 60)
            ended = app.run("uninstall", "app")
            assert 0 == ended.code, ended.said
            assert ended.seconds < 60
            assert "outcome=rolled-back" in ended.said
            assert 0 != upgrade.wait(60)
    lab.wait_for(lambda: not _deployments(app), 60, "the end of both Deployments")


@pytest.mark.full
@pytest.mark.parametrize("helm", ["helm3", "helm4"], indirect=True)
def test_an_uninstall_without_routes_is_not_blocked(app: HelmApp) -> None:
    """Somebody deleted the VirtualService, so that the rollback has nothing to read."""
    assert 0 == app.upgrade("--no-hooks").code
    path = app.lab.api.path("networking.istio.io/v1", "VirtualService", app.lab.namespace)
    app.lab.api.call("DELETE", f"{path}/shop")
    ended = app.run("uninstall", "app")
    assert 0 == ended.code, ended.said
    assert "rollback.failed" in ended.said


def _deployments(app: HelmApp) -> list[str]:
    found = app.lab.api.items(DEPLOYMENT.api_version, DEPLOYMENT.kind, app.lab.namespace)
    return [one["metadata"]["name"] for one in found]
