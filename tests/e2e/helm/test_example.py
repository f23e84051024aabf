"""The example moves from hand-edited weights to the chart without a failed request."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.helm.chart import RATE, HelmApp, copied_charts, quick
from tests.e2e.kubectl import kubectl
from tests.lab.cluster.lab import ClusterLab
from tests.support.processes import ROOT

pytestmark = pytest.mark.e2e
versions = pytest.mark.parametrize("helm", ["helm4", pytest.param("helm3", marks=pytest.mark.full)], indirect=True)
GATEWAY = "istio-system/public"


@versions
def test_the_move_is_a_release_without_a_failed_request(lab: ClusterLab, helm: str, tmp_path: Path) -> None:
    """Users at 90/10 return to v1, v2 is judged and promoted; the second service gets its primary first."""
    folder = copied_charts(tmp_path) / "examples" / "helm" / "shop"
    shared = {"host": lab.host("shop"), "gateway": {"create": False, "name": GATEWAY}}
    app = HelmApp(lab, helm, folder / "before", {**shared, "catalog": {"image": "demo/shop:v1"}})
    pair = {"v1": {"image": "demo/shop:v1"}, "v2": {"image": "demo/shop:v2"}}
    assert 0 == app.run(*app.upgrade_arguments(), *_as_flags(pair)).code
    for name in ("shop-v1", "shop-v2", "catalog"):
        lab.wait_until_rolled_out(name)
    with lab.load(RATE) as users, lab.load(2, headers={"x-version": "v2"}) as testers:
        users.wait_for(lambda view: len(view.records) > 10 * RATE, 60)
        before = users.view().failed()
        _let_go_of_v1(lab)
        app.chart = folder / "after"
        assert 0 == app.run("dependency", "build", str(app.chart)).code
        of_shop = {"hosts": [shared["host"]], "gateways": [GATEWAY]}
        more = quick(lab, apps={"shop": of_shop})
        del more["gateways"]
        app.values = {**shared, "shop": {"image": "demo/shop:v2"}, "catalog": {"image": "demo/shop:v1"}, "canary": more}
        moved = app.upgrade()
        assert 0 == moved.code, moved.said
        assert moved.verdict.startswith("shop: PROMOTED"), moved.said
        assert ("shop:v2", [100, 0]) == (app.image("shop-v1"), app.weights())
        assert ("shop:v1", 0) == (app.image("catalog-primary"), app.replicas("catalog"))
        assert before == users.view().failed()
        assert 0 == testers.view().failed()
        assert 2 == app.replicas("shop-v2"), "the testers' route leads there, so it keeps its pods"


def _as_flags(pair: dict[str, dict[str, str]]) -> list[str]:
    return [f"--set=shop.{version}.image={one['image']}" for version, one in pair.items()]


def _let_go_of_v1(lab: ClusterLab) -> None:
    """Run the command of docs/helm.md: Helm forgets the Deployment that serves, and leaves it running."""
    page = (ROOT / "docs" / "helm.md").read_text(encoding="utf-8")
    (patch,) = re.findall(
        r"^kubectl patch deployment shop-v1 --type json -p '(\[.*?\])'$", page, re.MULTILINE | re.DOTALL
    )
    kubectl(lab, "patch", "deployment", "shop-v1", "--type", "json", "-p", patch)
