"""The baseline has stable's template, in as many pods as the canary and of the same age."""

import pytest

from steps.errors import ForeignWrite, PermanentError
from steps.model.run import Destination
from steps.model.workload import Release, Topology
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.kubernetes_api.kinds import DEPLOYMENT, NETWORK_POLICY
from tests.support.shop_release import NAMESPACE, TOKEN, deployment, release, renew

NAME = "shop-baseline"
ARM = "canary-steps.io/arm"


def compared(**changes: object) -> Release:
    """Return a release with a baseline."""
    return release(baseline=NAME, **changes)


def test_the_baseline_is_stables_template_behind_the_canarys_service(cluster: FakeCluster, workload: Workload) -> None:
    """Its pods carry the labels of Service shop-canary, stable's image, and a label that tells the two apart."""
    prepared(cluster, workload, compared())

    made, canary = cluster.get(NAME), cluster.get("shop-canary")
    template = made["spec"]["template"]
    assert {"app": "shop-canary", "team": "till", ARM: "baseline"} == template["metadata"]["labels"]
    assert ("shop:1", "shop:2") == (cluster.image(NAME), cluster.image("shop-canary"))
    assert {"matchLabels": {"app": "shop-canary", ARM: "baseline"}} == made["spec"]["selector"]
    assert {"matchLabels": {"app": "shop-canary", ARM: "canary"}} == canary["spec"]["selector"]
    assert {"app.kubernetes.io/managed-by": "canary-steps"} == made["metadata"]["labels"]


def test_the_baseline_has_the_canarys_size_up_and_down(cluster: FakeCluster, workload: Workload) -> None:
    """At every weight, whatever size somebody gave to either."""
    memory = prepared(cluster, workload, compared())
    workload.ensure_capacity(memory, TOKEN, 100, 10, renew)
    grown = cluster.get(NAME)["status"]["availableReplicas"]
    cluster.change("shop-canary", replicas=4)
    cluster.change(NAME, replicas=6)
    workload.ensure_capacity(memory, TOKEN, 10, 10, renew)

    assert (3, 4) == (grown, cluster.get(NAME)["spec"]["replicas"])


def test_both_go_down_together_and_are_kept(cluster: FakeCluster, workload: Workload) -> None:
    """Like the canary's Deployment: the next release finds it scaled down."""
    memory = prepared(cluster, workload, compared())
    left = workload.scale_down(memory, TOKEN)

    assert ("", [0, 0]) == (left, [cluster.get(name)["spec"]["replicas"] for name in ("shop-canary", NAME)])


def test_the_next_baseline_has_stables_new_template(cluster: FakeCluster, workload: Workload) -> None:
    """A Deployment that an earlier run left is brought up to date."""
    memory = prepared(cluster, workload, compared())
    workload.scale_down(memory, TOKEN)
    cluster.push("shop:3", "3" * 64)
    cluster.set_image("shop", "shop:2")
    cluster.settle("shop")
    prepared(cluster, workload, compared(image="shop:3"))

    assert ("shop:2", "shop:3") == (cluster.image(NAME), cluster.image("shop-canary"))


def test_a_template_that_changed_under_the_plan_makes_no_baseline(cluster: FakeCluster, workload: Workload) -> None:
    """It would be a control of another version than the recorded one."""
    plan = workload.preflight(compared())
    cluster.set_image("shop", "shop:3")

    with pytest.raises(ForeignWrite, match=r"kubectl-edit changed the pod template of shop since"):
        workload.create_canary(compared(), plan, TOKEN)
    assert cluster.store.find(DEPLOYMENT, NAMESPACE, NAME) is None


def test_a_canary_created_without_a_baseline_must_be_recreated_once(cluster: FakeCluster, workload: Workload) -> None:
    """Its selector lacks the label that tells the two apart, and selectors are immutable; the reverse is no problem."""
    prepared(cluster, workload)

    with pytest.raises(PermanentError, match=r"kubectl delete deployment shop-canary"):
        workload.preflight(compared())
    cluster.store.delete(DEPLOYMENT, NAMESPACE, "shop-canary")
    prepared(cluster, workload, compared())
    assert not workload.preflight(release()).state.baseline


def test_a_deployment_of_that_name_which_is_not_ours_is_left_alone(cluster: FakeCluster, workload: Workload) -> None:
    """It may be somebody's monitoring; the refusal says what to do."""
    cluster.create(DEPLOYMENT, deployment(NAME, "other:1"))

    with pytest.raises(PermanentError, match=r"shop-baseline.*not created by canary-steps.*release without --baseline"):
        workload.preflight(compared())


def test_subsets_of_one_host_have_a_baseline_too(cluster: FakeCluster, workload: Workload) -> None:
    """It carries the canary's subset, and stable's selector does not match it."""
    labels = {"app": "till", "track": "stable"}
    item = deployment("till", "shop:1", selector={"matchLabels": labels})
    item["spec"]["template"]["metadata"]["labels"] = labels
    cluster.create(DEPLOYMENT, item)
    cluster.serve("till")
    cluster.settle("till")
    prepared(
        cluster,
        workload,
        compared(
            stable="till",
            canary="till-canary",
            stable_destination=Destination("till", "stable"),
            canary_destination=Destination("till", "canary"),
            stable_subset={"track": "stable"},
            canary_subset={"track": "canary"},
        ),
    )

    made = cluster.get(NAME)["spec"]
    wanted = {"app": "till", "track": "canary", ARM: "baseline"}
    assert (wanted, {"matchLabels": wanted}) == (made["template"]["metadata"]["labels"], made["selector"])


def test_a_canary_deployed_by_people_must_select_by_more_than_its_service(
    cluster: FakeCluster, workload: Workload
) -> None:
    """Otherwise the baseline's pods would count as the canary's; the refusal prints the lines to add."""
    cluster.deploy("shop-primary", "shop:1")
    arms = {"stable_destination": Destination("shop-primary"), "canary_destination": Destination("shop")}
    wanted = compared(stable="shop-primary", canary="shop", image="", topology=Topology.TARGET_NAMED, **arms)

    with pytest.raises(PermanentError, match=r'matchLabels:\n    app: "shop"\n') as told:
        workload.preflight(wanted)
    assert f'    {ARM}: "canary"' in told.value.cause


def test_a_canary_deployed_by_people_gets_a_baseline_if_its_selector_allows(
    cluster: FakeCluster, workload: Workload
) -> None:
    """Any label of its selector that the Service lacks is enough; the template is stable's."""
    cluster.deploy("till-primary", "shop:1")
    labels = {"app": "till", "role": "web"}
    item = deployment("till", "shop:2", selector={"matchLabels": labels})
    item["spec"]["template"]["metadata"]["labels"] = labels
    cluster.create(DEPLOYMENT, item)
    cluster.serve("till")
    cluster.settle("till")
    arms = {"stable_destination": Destination("till-primary"), "canary_destination": Destination("till")}
    wanted = compared(stable="till-primary", canary="till", image="", topology=Topology.TARGET_NAMED, **arms)
    prepared(cluster, workload, wanted)

    made = cluster.get(NAME)["spec"]["template"]["metadata"]["labels"]
    assert ({"app": "till", "team": "till", "role": "baseline"}, "shop:1") == (made, cluster.image(NAME))


def test_a_policy_that_selects_only_the_canary_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """A policy that selects by the arm's label would treat the control differently."""
    policy = {"podSelector": {"matchLabels": {ARM: "canary"}}, "policyTypes": ["Ingress"]}
    cluster.create(NETWORK_POLICY, {"metadata": {"name": "closed"}, "spec": policy})

    with pytest.raises(PermanentError, match="NetworkPolicy shop/closed selects only shop-canary"):
        workload.preflight(compared())


def test_the_canarys_destination_serves_while_either_is_up(cluster: FakeCluster, workload: Workload) -> None:
    """With stable down, the baseline behind the weight is worth holding."""
    memory = prepared(cluster, workload, compared())
    cluster.change("shop-canary", replicas=0)
    cluster.settle("shop-canary")

    assert (True, True) == workload.ready_arms(memory)
