"""`helm upgrade` is the release: it waits, prints the verdict and fails if the version failed."""

from __future__ import annotations

import pytest

from tests.e2e.helm.chart import RATE, HelmApp

pytestmark = pytest.mark.e2e
versions = pytest.mark.parametrize("helm", ["helm3", pytest.param("helm4", marks=pytest.mark.full)], indirect=True)


@versions
def test_helm_upgrade_promotes_a_good_version_and_fails_with_a_bad_one(app: HelmApp) -> None:
    """First install, no change, a good version, one that fails everything, and a new attempt after the failure."""
    first = app.upgrade()
    assert 0 == first.code, first.said
    assert first.verdict.startswith("shop: NOTHING TO RELEASE: first install: nothing to compare with; shop-primary")
    assert (2, 0) == (app.replicas("shop-primary"), app.replicas("shop"))
    with app.lab.load(RATE) as users:
        users.wait_for(lambda view: len(view.records) > RATE, 30)
        same = app.upgrade()
        assert 0 == same.code, same.said
        assert "NOTHING TO RELEASE" in same.verdict
        good = app.upgrade(image="demo/shop:v2")
        assert 0 == good.code, good.said
        assert good.verdict.startswith("shop: PROMOTED, all users have the new version: healthy"), good.said
        assert ("shop:v2", 0, [100, 0]) == (app.image("shop-primary"), app.replicas("shop"), app.weights())
        assert 0 == users.view().failed()
        bad = app.upgrade(image="demo/shop:errors")
        assert 0 != bad.code
        assert bad.verdict.startswith("shop: ROLLED BACK, all users have the version from before: canary "), bad.said
        assert ("shop:v2", 0, [100, 0]) == (app.image("shop-primary"), app.replicas("shop"), app.weights())
        failed = users.view().failed()
        assert 0 < failed <= 20
        again = app.upgrade(image="demo/shop:v2", config="2")
        assert 0 == again.code, again.said
        assert again.verdict.startswith("shop: PROMOTED"), "a change of the configuration alone is a release, too"
        assert failed == users.view().failed()
    assert {"last"} == app.marks()
