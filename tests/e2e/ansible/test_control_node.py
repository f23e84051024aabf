"""`ansible-playbook ctrl.yaml` prepares a cluster; a release then runs on what the role installed."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ansible.playbook import ControlNode
from tests.e2e.argo.workflow import Workflow, image, is_at_rest
from tests.e2e.kubectl import kubectl
from tests.lab.cluster.build import binary
from tests.lab.cluster.lab import ClusterLab
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, VIRTUAL_SERVICE

pytestmark = pytest.mark.e2e

SETTINGS = {"min-seconds": 8, "ladder": [50], "gateway": "istio-system/public"}


@pytest.fixture
def shop(bare_lab: ClusterLab) -> ClusterLab:
    """Return a namespace in which a team has deployed an app: no VirtualService, nothing of ours."""
    app = manifests.deployment("shop", "demo/shop:v1", 2, {"app": "shop"})
    bare_lab.apply([(SERVICE, manifests.service("shop", {"app": "shop"})), (DEPLOYMENT, app)])
    return bare_lab


@pytest.fixture
def cluster_node(node: ControlNode, shop: ClusterLab, chart_values: dict[str, Any]) -> ControlNode:
    """Return a control node whose cluster is the lab's."""
    node.variables |= {
        "canary_kubeconfig": str(shop.kubeconfig),
        "canary_helm": str(binary("helm3")),
        "canary_chart_values": chart_values,
        "canary_prometheus_url": shop.prometheus_url,
        "canary_apps": [{"app": "shop", "namespace": shop.namespace, "init": True, "settings": SETTINGS}],
    }
    return node


def test_a_prepared_cluster_needs_no_second_change_and_releases(cluster_node: ControlNode, shop: ClusterLab) -> None:
    """The first play installs everything, the second changes nothing, and the app is promoted."""
    # Nobody has used the app yet, which doctor reports.
    first = cluster_node.play(canary_on_problem="warn")
    assert 0 == first.exit_code, first.out
    with shop.load(50) as users:
        again = cluster_node.play()
        assert (0, 0) == (again.exit_code, again.changed), again.out
        assert "No problems." in again.words
        release = Workflow.release(shop, "v2", "canary-release-lean", weights="[50]", prometheus_url="")
        assert "Succeeded" == release.wait_for_end()
        assert "demo/shop:v2" == image(shop)
        assert is_at_rest(shop)
        assert 0 == users.stop().failed()


@pytest.mark.full
def test_a_check_of_a_cluster_without_anything_announces_changes_and_makes_none(
    cluster_node: ControlNode, shop: ClusterLab
) -> None:
    """Problems that the changes would solve do not fail it."""
    before = _objects(shop)
    checked = cluster_node.play("--check", "--diff")
    assert 0 == checked.exit_code, checked.out
    assert checked.changed > 0
    assert before == _objects(shop)


@pytest.mark.full
def test_helm_4_installs_once_and_then_changes_nothing(cluster_node: ControlNode, shop: ClusterLab) -> None:
    """The module calls Helm 4 with flags of Helm 3; what stands between them translates."""
    helm4 = {"canary_helm": str(binary("helm4"))}
    first, second = (cluster_node.play("--tags", "canary_charts", **helm4) for _ in range(2))
    assert (0, 1) == (first.exit_code, first.changed), first.out
    assert (0, 0) == (second.exit_code, second.changed), second.out
    assert "canary-release" in _objects(shop)


@pytest.mark.full
@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_a_chart_that_changed_under_its_version_is_applied(
    cluster_node: ControlNode, shop: ClusterLab, tmp_path: Path, helm: str
) -> None:
    """As after `git pull`: the module compares versions only."""
    (tmp_path / "chart" / "templates").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: canary-steps\nversion: 0.1.0\n", "utf-8")
    template = tmp_path / "chart" / "templates" / "one.yaml"
    given = {
        "canary_chart": str(tmp_path / "chart"), "canary_chart_values": {}, "canary_helm": str(binary(helm)),
    }  # fmt: skip
    for value in ("old", "new"):
        template.write_text(_config_map("from-chart", value), "utf-8")
        assert [1, 0] == [cluster_node.play("--tags", "canary_charts", **given).changed for _ in range(2)]
        assert value == shop.api.get("v1", "ConfigMap", "from-chart", shop.namespace)["data"]["key"]


@pytest.mark.full
@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_a_chart_that_cannot_be_installed_leaves_nothing(
    cluster_node: ControlNode, shop: ClusterLab, tmp_path: Path, helm: str
) -> None:
    """What was created before the failure is removed, and the next play with a good chart installs it."""
    (tmp_path / "chart" / "templates").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: canary-steps\nversion: 0.1.0\n", "utf-8")
    template = tmp_path / "chart" / "templates" / "all.yaml"
    bad = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\nspec: {replicas: 1}\n"
    template.write_text(f"{_config_map('from-chart', 'a')}---\n{bad}", "utf-8")
    given = {
        "canary_chart": str(tmp_path / "chart"), "canary_chart_values": {}, "canary_helm": str(binary(helm)),
    }  # fmt: skip
    assert 2 == cluster_node.play("--tags", "canary_charts", **given).exit_code
    assert "from-chart" not in _objects(shop)
    template.write_text(_config_map("from-chart", "a"), "utf-8")
    assert 1 == cluster_node.play("--tags", "canary_charts", **given).changed
    assert "from-chart" in _objects(shop)


@pytest.mark.full
def test_a_release_that_helm_left_pending_is_refused_with_the_remedy(
    cluster_node: ControlNode, shop: ClusterLab
) -> None:
    """A Helm that died in the middle leaves it; the module would call it up to date, or fail without a remedy."""
    installed = cluster_node.play("--tags", "canary_charts")
    assert 0 == installed.exit_code, installed.out
    [secret] = shop.api.items("v1", "Secret", shop.namespace, labelSelector="owner=helm")
    _mark_pending(shop, secret)
    play = cluster_node.play("--tags", "canary_charts")
    assert 2 == play.exit_code
    assert "is pending-upgrade: another Helm works on it, or died" in play.words
    assert f"helm rollback canary-steps -n {shop.namespace}" in play.words


@pytest.mark.full
def test_what_people_own_is_left_alone(cluster_node: ControlNode, shop: ClusterLab) -> None:
    """A VirtualService of their own is not changed by init, and their settings are not overwritten."""
    own = {"hosts": ["shop"], "http": [{"route": [{"destination": {"host": "shop"}}]}]}
    shop.apply([(VIRTUAL_SERVICE, {"metadata": {"name": "shop"}, "spec": own})])
    kubectl(shop, "create", "configmap", "canary-steps-shop", "--from-literal=canary.yaml=ladder: [1, 2]")
    refused = cluster_node.play("--tags", "canary_apps")
    assert 2 == refused.exit_code
    assert f"ConfigMap {shop.namespace}/canary-steps-shop was not written" in refused.words
    assert "canary_force_settings" in refused.words
    apps = [{"app": "shop", "namespace": shop.namespace, "init": True}]
    assert 0 == cluster_node.play("--tags", "canary_apps", canary_apps=apps, canary_on_problem="warn").exit_code
    assert own == shop.get(VIRTUAL_SERVICE, "shop")["spec"]
    found = shop.api.get("v1", "ConfigMap", "canary-steps-shop", shop.namespace)
    assert {"canary.yaml": "ladder: [1, 2]"} == found["data"]
    taken = cluster_node.play("--tags", "canary_apps", canary_force_settings=True, canary_on_problem="warn")
    assert 0 == taken.exit_code, taken.out
    found = shop.api.get("v1", "ConfigMap", "canary-steps-shop", shop.namespace)
    assert "min-seconds: 8" in found["data"]["canary.yaml"]


@pytest.mark.full
def test_an_app_that_is_not_there_is_a_problem_not_a_crash(cluster_node: ControlNode, shop: ClusterLab) -> None:
    """Everything else is done first; with `warn` the play ends well."""
    apps = [{"app": "nobody", "namespace": shop.namespace, "init": True}]
    play = cluster_node.play(canary_apps=apps)
    assert 2 == play.exit_code
    assert f"{shop.namespace}/nobody: " in play.words
    assert "[missing-deployment]" in play.words
    assert "canary-release" in _objects(shop)
    assert 0 == cluster_node.play(canary_apps=apps, canary_on_problem="warn").exit_code


@pytest.mark.full
def test_several_namespaces_get_the_chart_and_are_created(cluster_node: ControlNode, shop: ClusterLab) -> None:
    """In check mode, too, a missing namespace is not an error."""
    other = f"{shop.namespace}-other"
    apps = [*cluster_node.variables["canary_apps"], {"app": "cart", "namespace": other, "settings": {}}]
    given: dict[str, Any] = {"canary_apps": apps, "canary_on_problem": "warn"}
    try:
        assert 0 == cluster_node.play("--check", **given).exit_code
        first, second = (cluster_node.play(**given) for _ in range(2))
        assert (0, 0, 0) == (first.exit_code, second.exit_code, second.changed), second.out
        assert "canary-steps-cart" in kubectl(shop, "get", "configmaps", "-n", other, "-o", "name")
    finally:
        shop.api.delete("v1", "Namespace", other)


def _objects(lab: ClusterLab) -> str:
    """Return the names of all objects that the role could make."""
    kinds = "configmaps,serviceaccounts,roles,rolebindings,workflowtemplates,services,virtualservices"
    return kubectl(lab, "get", kinds, "-o", "name")


def _config_map(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: {value}}}\n"


def _mark_pending(lab: ClusterLab, secret: dict[str, Any]) -> None:
    """Set the status of Helm's stored release as a Helm leaves it that was killed."""
    stored = json.loads(gzip.decompress(b64decode(b64decode(secret["data"]["release"]))))
    stored["info"]["status"] = "pending-upgrade"
    release = b64encode(b64encode(gzip.compress(json.dumps(stored).encode()))).decode()
    labels = {**secret["metadata"]["labels"], "status": "pending-upgrade"}
    path = f"{lab.api.path('v1', 'Secret', lab.namespace)}/{secret['metadata']['name']}"
    patch = {"metadata": {"labels": labels}, "data": {"release": release}}
    lab.api.call("PATCH", path, patch, "application/merge-patch+json")
