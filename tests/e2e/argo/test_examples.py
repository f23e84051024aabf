"""workflows/examples as users copy them: with their images, and nothing else changed."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.e2e.argo.workflow import Workflow, claim, image, is_at_rest, record, weight
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure, users_of
from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.processes import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.full]


def _example(name: str, **images: str) -> Json:
    """Return an example; images are given by the example's own tag."""
    text = (ROOT / "workflows" / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    for tag, version in images.items():
        for app in ("shop", "till"):
            text = text.replace(f"registry.example/{app}:{tag}", f"demo/shop:{version}")
    assert "registry.example" not in text
    found: Json = yaml.safe_load(text)
    return found


@pytest.fixture
def lab(lab: ClusterLab) -> ClusterLab:
    """Return a namespace whose apps are configured with this lab's Prometheus."""
    configure(lab, prometheus_url=lab.prometheus_url)
    return lab


def test_release_an_image(lab: ClusterLab, users: Load) -> None:
    """The most common example."""
    release = Workflow.create(lab, _example("release-an-image", v2="v2"))
    assert release.wait_for_end(400) == "Succeeded"
    assert [one for _, one in record(lab)["weights"]] == [5, 25, 50, 0]
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)


def test_release_by_gitops(lab: ClusterLab, users: Load) -> None:
    """Promote waits for Git, which writes stable's template once; the steps never write it."""
    release = Workflow.create(lab, _example("release-by-gitops", v2="v2"))
    release.wait_for_node("promote", 400)
    assert image(lab) == "demo/shop:v1"
    kubectl(lab, "set", "image", "deployment/shop", "app=demo/shop:v2")
    assert release.wait_for_end() == "Succeeded"
    assert release.result("promote", "outcome") == "promoted"
    assert lab.get(DEPLOYMENT, "shop")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    assert is_at_rest(lab)


def test_gate_in_another_pipeline(lab: ClusterLab) -> None:
    """It passes a good version and fails a bad one; the traffic is the other pipeline's business."""
    versions = manifests.app("shop-v1", "demo/shop:v1", 2, "hosts", "IfNotPresent", canary_name="shop-v2")
    lab.apply([*versions, (DEPLOYMENT, manifests.deployment("shop-v2", "demo/shop:v2", 1, {"app": "shop-v2"}))])
    lab.wait_until_rolled_out("shop-v2")
    settings = f"min-seconds: 8\nprometheus-url: {lab.prometheus_url}\n"
    kubectl(lab, "create", "configmap", "canary-steps", f"--from-literal=canary.yaml={settings}")
    _split(lab, "shop-v1", 80, 20)
    with users_of(lab, "shop-v1"):
        gate = Workflow.create(lab, _example("gate-in-another-pipeline"))
        assert gate.wait_for_end() == "Succeeded"
        assert gate.result("gate", "verdict") == "pass"
        kubectl(lab, "set", "image", "deployment/shop-v2", "app=demo/shop:errors")
        lab.wait_until_rolled_out("shop-v2")
        gate = Workflow.create(lab, _example("gate-in-another-pipeline"))
        assert gate.wait_for_end() == "Failed"
        assert gate.exit_code("gate") == 5
    assert weight(lab, "shop-v1") == 20


def _split(lab: ClusterLab, name: str, stable: int, canary: int) -> None:
    changes = [
        {"op": "replace", "path": f"/spec/http/0/route/{at}/weight", "value": value}
        for at, value in enumerate((stable, canary))
    ]
    kubectl(lab, "patch", "virtualservice", name, "--type=json", "-p", json.dumps(changes))


@pytest.fixture
def till(lab: ClusterLab) -> ClusterLab:
    """Return the namespace with a second app."""
    lab.deploy_app("till")
    configure(lab, "till", prometheus_url=lab.prometheus_url)
    return lab


def test_several_apps_are_promoted_together_or_not_at_all(till: ClusterLab, users: Load) -> None:
    """One fails its rung: the other, although healthy, is rolled back as well."""
    with users_of(till, "till") as others:
        release = Workflow.create(till, _example("several-apps", v2="v2", v7="errors"))
        assert release.wait_for_end(400) == "Failed"
        assert "promote" not in release.ran
        assert release.results("report", "outcome") == {"shop": "rolled-back", "till": "rolled-back"}
        for app in ("shop", "till"):
            assert image(till, app) == "demo/shop:v1"
            assert is_at_rest(till, app)
        assert others.stop().failed() > 0


def test_a_promote_that_fails_stops_the_others_and_names_what_is_promoted(till: ClusterLab, users: Load) -> None:
    """Somebody edits the second canary while the first app is promoted: what was judged is no longer what runs."""
    with users_of(till, "till"):
        release = Workflow.create(till, _example("several-apps", v2="v2", v7="v3"))
        release.wait_for_node("promote", 500)
        kubectl(till, "set", "image", "deployment/till-canary", "app=demo/shop:v2")
        assert release.wait_for_end(400) == "Failed"
    assert release.results("promote", "outcome") == {"shop": "promoted", "till": ""}
    assert release.results("report", "outcome") == {"shop": "promoted", "till": "rolled-back"}
    assert [image(till), image(till, "till")] == ["demo/shop:v2", "demo/shop:v1"]
    for app in ("shop", "till"):
        assert claim(till, app) == ""
        assert is_at_rest(till, app)
