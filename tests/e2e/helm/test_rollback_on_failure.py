"""With --atomic, in Helm 4 --rollback-on-failure, the chart is taken back as well."""

from __future__ import annotations

import pytest

from tests.e2e.helm.chart import RATE, HelmApp

pytestmark = pytest.mark.e2e
FLAGS = {"helm3": "--atomic", "helm4": "--rollback-on-failure"}
versions = pytest.mark.parametrize("helm", ["helm4", pytest.param("helm3", marks=pytest.mark.full)], indirect=True)


@versions
def test_a_failed_upgrade_takes_the_chart_back_and_the_next_one_works(app: HelmApp) -> None:
    """Users end on a ready stable, the target has its old image and no pods, and nothing of ours conflicts."""
    assert 0 == app.upgrade().code
    with app.lab.load(RATE) as users:
        users.wait_for(lambda view: len(view.records) > RATE, 30)
        bad = app.upgrade(FLAGS[app.helm], image="demo/shop:errors")
        assert 0 != bad.code
        assert "has been rolled back due to" in bad.said
        assert "shop: ROLLED BACK, all users have the version from before" in bad.said
        assert ("shop:v1", "shop:v1", 0) == (app.image("shop-primary"), app.image("shop"), app.replicas("shop"))
        assert [100, 0] == app.weights()
        failed = users.view().failed()
        assert 0 < failed <= 20
        good = app.upgrade(FLAGS[app.helm], image="demo/shop:v2")
        assert 0 == good.code, good.said
        assert "shop:v2" == app.image("shop-primary")
        assert failed == users.view().failed()
