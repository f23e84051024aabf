"""Before anything changes: what is refused, what causes a warning, what is remembered."""

from typing import Any

import pytest

from steps.errors import NotFound, PermanentError, TemporaryError
from steps.model.run import Destination
from steps.model.workload import Topology
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.shop_release import NAMESPACE, deployment, release

TARGET_NAMED: dict[str, Any] = {
    "stable": "shop-primary",
    "canary": "shop",
    "stable_destination": Destination("shop-primary"),
    "canary_destination": Destination("shop"),
    "topology": Topology.TARGET_NAMED,
    "image": "",
}


def refused(workload: Workload, **changes: Any) -> str:
    """Return the sentence with which a release is refused."""
    with pytest.raises(PermanentError) as caught:
        workload.preflight(release(**changes))
    return str(caught.value)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"strategy": {"type": "Recreate"}}, "spec.strategy.type is Recreate"),
        ({"paused": True}, "spec.paused is true: no update would reach its pods. Run `kubectl rollout resume"),
        ({"revisionHistoryLimit": 0}, "spec.revisionHistoryLimit is 0"),
        ({"replicas": 0}, "spec.replicas is 0: nothing serves"),
    ],
)
def test_unsafe_deployments_are_refused(
    cluster: FakeCluster, workload: Workload, spec: dict[str, Any], sentence: str
) -> None:
    """Each refusal names object, field and value."""
    cluster.change("shop", **spec)

    assert f"While checking Deployment {NAMESPACE}/shop: {sentence}" in refused(workload)


def test_stable_that_is_not_ready_is_refused_unless_allowed(cluster: FakeCluster, workload: Workload) -> None:
    """A rollback needs a working version, which may be there in a minute; a hotfix is the exception."""
    cluster.push("shop:bad", "b" * 64, "never-ready")
    cluster.set_image("shop", "shop:bad")

    with pytest.raises(TemporaryError, match="it is not ready: 2 of 2 pods available") as caught:
        workload.preflight(release())
    assert '--hotfix --reason "why"' in str(caught.value)
    assert "shop" == workload.preflight(release(allow_unready_stable=True)).state.stable


def test_missing_stable_is_named(workload: Workload) -> None:
    """The name is probably a typing error."""
    assert f"looking for the stable Deployment {NAMESPACE}/shap" in refused(workload, stable="shap")


def test_missing_service_points_to_init(workload: Workload) -> None:
    """Routes need a Service for each destination."""
    sentence = refused(workload, canary_destination=Destination("shop-next"))

    assert "Service shop/shop-next" in sentence
    assert "canary-steps init" in sentence


def test_several_containers_need_a_choice(cluster: FakeCluster, workload: Workload) -> None:
    """The container cannot be guessed; an unknown name is answered with the known ones."""
    template = cluster.get("shop")["spec"]["template"]
    template["spec"]["containers"].append({"name": "cache", "image": "cache:1"})
    cluster.push("cache:1", "c" * 64)
    cluster.change("shop", template=template)
    cluster.settle("shop")

    assert "several (app, cache). Name the one that gets the image with --container." in refused(workload)
    assert "spec.template.spec.containers has app, cache." in refused(workload, container="web")
    assert "cache" == workload.preflight(release(container="cache", image="cache:2")).container


def test_selector_without_the_name_is_refused_with_labels_to_add(cluster: FakeCluster, workload: Workload) -> None:
    """Nothing tells the arms apart: the sentence has the YAML for the canary's Service."""
    item = deployment("cart", "shop:1")
    item["spec"]["selector"] = {"matchLabels": {"role": "web"}}
    item["spec"]["template"]["metadata"]["labels"] = {"role": "web"}
    cluster.create(DEPLOYMENT, item)
    cluster.serve("cart", role="web")
    cluster.serve("cart-canary", role="web")
    cluster.settle("cart")

    sentence = refused(
        workload,
        stable="cart",
        canary="cart-canary",
        stable_destination=Destination("cart"),
        canary_destination=Destination("cart-canary"),
    )
    assert 'Add to Service cart:\nselector:\n  role: "cart"' in sentence or 'role: "cart-canary"' in sentence


def test_stable_service_that_reaches_the_canary_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """At weight 0 no client may reach the canary."""
    cluster.serve("wide", team="till")

    sentence = refused(workload, stable_destination=Destination("wide"))
    assert "spec.selector (team=till) also matches the pods of shop-canary" in sentence
    assert 'Add to Service wide:\nselector:\n  app: "shop"' in sentence


def test_canary_service_that_selects_stable_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """A copied Service with the old selector would send the canary's weight to stable."""
    cluster.serve("copied", app="shop")

    assert "also matches the pods of" in refused(workload, canary_destination=Destination("copied"))


def test_too_long_label_is_refused_by_length(cluster: FakeCluster, workload: Workload) -> None:
    """A label's value has at most 63 characters; names of Deployments may be longer."""
    name = "s" * 60
    cluster.deploy(name, "shop:1", 1)
    cluster.serve("other", team="till")

    sentence = refused(
        workload,
        stable=name,
        canary=f"{name}-canary",
        stable_destination=Destination(name),
        canary_destination=Destination("other"),
    )
    assert "would have 67 characters, Kubernetes allows 63. Choose a shorter name for the canary" in sentence


@pytest.mark.parametrize(
    ("where", "key", "value", "tool"),
    [
        ("labels", "app.kubernetes.io/managed-by", "Helm", "Helm"),
        ("annotations", "meta.helm.sh/release-name", "shop", "Helm"),
        ("annotations", "argocd.argoproj.io/tracking-id", "x", "Argo CD"),
        ("labels", "kustomize.toolkit.fluxcd.io/name", "x", "Flux"),
        ("labels", "helm.toolkit.fluxcd.io/name", "x", "Flux"),
    ],
)
def test_managed_stable_is_refused_unless_template_comes_from_there(
    cluster: FakeCluster, workload: Workload, where: str, key: str, value: str, tool: str
) -> None:
    """A promote by us would be undone by the tool."""
    cluster.mark("shop", key, value, where)

    sentence = refused(workload)
    assert f"say that {tool} manages it" in sentence
    assert "--template-by external" in sentence
    assert "shop:2" == workload.preflight(release(template_by_external=True)).canary_image
    assert "shop:2" == workload.preflight(release(allow_managed=True)).canary_image


@pytest.mark.parametrize(
    ("manager", "tool"),
    [("argocd-controller", "Argo CD"), ("kustomize-controller", "Flux"), ("helm", "Helm"), ("Terraform", "Terraform")],
)
def test_a_tool_without_marks_is_known_by_its_field_manager(
    cluster: FakeCluster, workload: Workload, manager: str, tool: str
) -> None:
    """Argo CD may track by a label of any name, or by one that others use as well."""
    cluster.store.change(
        DEPLOYMENT, "shop", "shop", lambda item: {**item, "spec": {**item["spec"], "minReadySeconds": 1}},
        manager=manager,
    )  # fmt: skip
    assert f"its managedFields say that {tool} manages it" in refused(workload)
    assert "shop:2" == workload.preflight(release(allow_managed=True)).canary_image


def test_memory_has_what_a_rollback_needs(cluster: FakeCluster, workload: Workload) -> None:
    """Replicas, ReplicaSet and fingerprint of stable as they are at the start."""
    memory = workload.preflight(release()).state

    assert (2, True) == (memory.stable_replicas, memory.created_canary)
    assert memory.stable_replica_set.startswith("shop-")
    assert 16 == len(memory.stable_template_hash)


def test_target_named_needs_a_primary(workload: Workload) -> None:
    """The user commits it; init prints it."""
    with pytest.raises(NotFound, match="Run `canary-steps init`: it prints shop-primary"):
        workload.preflight(release(**TARGET_NAMED))


def test_target_named_names_shared_configuration(cluster: FakeCluster, workload: Workload) -> None:
    """A ConfigMap that both arms read changes stable without a judgement."""
    for name in ("shop-primary", "shop"):
        template = deployment(name, "shop:1")["spec"]["template"]
        template["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "shop-config"}}]
        template["spec"]["volumes"] = [{"name": "tls", "secret": {"secretName": "shop-tls"}}]
        if name == "shop":
            cluster.change(name, template=template)
        else:
            cluster.deploy(name, "shop:1", template=template)
        cluster.settle(name)

    plan = workload.preflight(release(**TARGET_NAMED))
    assert any("Both arms read ConfigMap shop-config, Secret shop-tls" in one for one in plan.warnings)
    assert not plan.state.created_canary
