"""The canary is created from stable's template, with a name, labels and metadata of its own."""

import pytest

from steps.errors import ForeignWrite, PermanentError
from steps.model.run import Destination
from steps.model.workload import Noop
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, Json, Kind
from tests.support.shop_release import KEY, NAMESPACE, TOKEN, deployment, release, renew


def test_canary_gets_the_image_and_labels_of_its_own(cluster: FakeCluster, workload: Workload) -> None:
    """Where stable's selector has shop, the canary's pods have shop-canary; other labels stay."""
    prepared(cluster, workload)

    made = cluster.get("shop-canary")
    template = made["spec"]["template"]
    assert {"app": "shop-canary", "team": "till"} == template["metadata"]["labels"]
    assert {"checksum/config": "1"} == template["metadata"]["annotations"]
    assert "shop:2" == template["spec"]["containers"][0]["image"]
    assert {"matchLabels": {"app": "shop-canary"}} == made["spec"]["selector"]


def test_canary_takes_over_labels_and_annotations_but_for_those_of_tools(
    cluster: FakeCluster, workload: Workload
) -> None:
    """Policies demand the others; with the labels of a GitOps tool, that tool would prune it."""
    cluster.mark("shop", "team", "till", "labels")
    cluster.mark("shop", "argocd.argoproj.io/instance", "shop", "labels")
    cluster.mark("shop", "note", "mine")
    prepared(cluster, workload, release(allow_managed=True))

    meta = cluster.get("shop-canary")["metadata"]
    assert {"team": "till", "app.kubernetes.io/managed-by": "canary-steps"} == meta["labels"]
    assert (TOKEN, "mine") == (meta["annotations"][KEY], meta["annotations"]["note"])


def test_new_canary_has_no_pods_before_it_is_scaled_up(cluster: FakeCluster, workload: Workload) -> None:
    """A run that lost the claim in between leaves nothing running."""
    plan = workload.preflight(release())
    workload.create_canary(release(), plan, TOKEN)

    assert 0 == cluster.get("shop-canary")["spec"]["replicas"]


def test_creating_twice_changes_nothing(cluster: FakeCluster, workload: Workload) -> None:
    """A step that was killed after its write can run again."""
    prepared(cluster, workload)
    before = cluster.get("shop-canary")["spec"]
    prepared(cluster, workload)

    assert before == cluster.get("shop-canary")["spec"]


def test_existing_canary_gets_the_new_template(cluster: FakeCluster, workload: Workload) -> None:
    """The canary Deployment of an earlier run is used again."""
    cluster.push("shop:3", "3" * 64)
    prepared(cluster, workload)
    prepared(cluster, workload, release(image="shop:3"))

    assert "shop:3" == cluster.image("shop-canary")


def test_environment_and_template_patch_are_applied(cluster: FakeCluster, workload: Workload) -> None:
    """Both count as a change of the template, also with the same image."""
    patch = {"spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "64Mi"}}}]}}
    wanted = release(image="", env={"MODE": "fast"}, template_patch=patch)
    plan = workload.preflight(wanted)
    workload.create_canary(wanted, plan, TOKEN)

    container = cluster.get("shop-canary")["spec"]["template"]["spec"]["containers"][0]
    assert Noop.NO == plan.noop
    assert [{"name": "MODE", "value": "fast"}] == container["env"]
    assert {"limits": {"memory": "64Mi"}} == container["resources"]
    assert any("resources" in sentence for sentence in plan.warnings)


def test_stable_changed_after_the_preflight_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """The clone would have another template than the one that was checked."""
    plan = workload.preflight(release())
    cluster.set_image("shop", "shop:3")

    with pytest.raises(ForeignWrite, match="kubectl-edit changed the pod template of shop"):
        workload.create_canary(release(), plan, TOKEN)


def test_canary_that_is_not_ours_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """Somebody's Deployment of that name is not overwritten."""
    cluster.push("shop:x", "9" * 64)
    cluster.create(*_canary_by_hand())

    with pytest.raises(PermanentError, match="was not created by canary-steps"):
        workload.preflight(release())


def test_canary_with_another_selector_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """A selector is immutable: the remedy is to delete that Deployment."""
    kind, item = _canary_by_hand()
    item["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "canary-steps"}
    item["spec"]["selector"]["matchLabels"]["team"] = "till"
    cluster.create(kind, item)

    with pytest.raises(PermanentError, match="kubectl delete deployment shop-canary"):
        workload.preflight(release())


def test_version_labelled_subsets_of_one_host_work(cluster: FakeCluster, workload: Workload) -> None:
    """If the selectors contain the version, `app` stays and `version` differs."""
    labels = {"app": "cart", "version": "v1"}
    item = deployment("cart", "shop:1")
    item["spec"]["selector"] = {"matchLabels": labels}
    item["spec"]["template"]["metadata"]["labels"] = labels
    cluster.store.create(_canary_by_hand()[0], NAMESPACE, item)
    cluster.create(
        SERVICE, {"metadata": {"name": "cart"}, "spec": {"selector": {"app": "cart"}, "ports": [{"port": 80}]}}
    )
    cluster.settle("cart")
    wanted = release(
        stable="cart",
        canary="cart-canary",
        stable_destination=Destination("cart", "v1"),
        canary_destination=Destination("cart", "v2"),
        stable_subset={"version": "v1"},
        canary_subset={"version": "v2"},
    )
    memory = prepared(cluster, workload, wanted)
    pin = workload.pin(memory)
    workload.promote_template(memory, pin, TOKEN, 10, renew)

    assert {"app": "cart", "version": "v2"} == cluster.get("cart-canary")["spec"]["template"]["metadata"]["labels"]
    assert labels == cluster.get("cart")["spec"]["template"]["metadata"]["labels"]
    assert "shop:2" == cluster.image("cart")


def _canary_by_hand() -> tuple[Kind, Json]:
    return DEPLOYMENT, deployment("shop-canary", "shop:x")
