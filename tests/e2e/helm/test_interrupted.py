"""What docs/helm.md promises for the commands of a bad night: Ctrl-C in the middle of a release, and helm rollback."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.e2e.helm.chart import RATE, HelmApp

pytestmark = [pytest.mark.e2e, pytest.mark.full]
versions = pytest.mark.parametrize("helm", ["helm3", "helm4"], indirect=True)


@versions
def test_an_interrupted_upgrade_is_superseded_and_a_rollback_is_a_release(app: HelmApp) -> None:
    """The next upgrade returns the users of the old run first; helm rollback promotes the older version, judged."""
    lab = app.lab
    assert 0 == app.upgrade().code
    with lab.load(RATE) as users:
        users.wait_for(lambda view: len(view.records) > RATE, 30)
        command = app.command(*app.upgrade_arguments(image="demo/shop:v2", canary__interval="60s"))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as upgrade:
            lab.wait_for(lambda: app.weights() == [90, 10], 60, "users on the new version")
            upgrade.send_signal(signal.SIGINT)
            assert 0 != upgrade.wait(60)
        again = app.upgrade(image="demo/shop:v3")
        assert 0 == again.code, again.said
        assert again.verdict.startswith("shop: PROMOTED"), again.said
        assert ("shop:v3", [100, 0]) == (app.image("shop-primary"), app.weights())
        back = app.run("rollback", "app", "1")
        assert 0 == back.code, back.said
        assert ("shop:v1", 0, [100, 0]) == (app.image("shop-primary"), app.replicas("shop"), app.weights())
        assert 0 == users.view().failed()
