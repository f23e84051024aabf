"""Objects that treat the arms differently or work around the routes are refused or reported."""

import pytest

from steps.errors import PermanentError
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster
from tests.support.kubernetes_api.kinds import (
    AUTHORIZATION_POLICY,
    DISRUPTION_BUDGET,
    NETWORK_POLICY,
    POD_MONITOR,
    Json,
)
from tests.support.shop_release import NAMESPACE, release

SELECTS_STABLE = {"matchLabels": {"app": "shop"}}


def refused(workload: Workload) -> str:
    """Return the sentence with which the release is refused."""
    with pytest.raises(PermanentError) as caught:
        workload.preflight(release())
    return str(caught.value)


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ({"podSelector": SELECTS_STABLE}, "selects"),
        (
            {"podSelector": {"matchLabels": {"db": "1"}}, "ingress": [{"from": [{"podSelector": SELECTS_STABLE}]}]},
            "has a rule for",
        ),
    ],
)
def test_network_policy_for_one_arm_is_refused(cluster: FakeCluster, workload: Workload, spec: Json, what: str) -> None:
    """Whether it selects only stable, or lets only stable reach others."""
    cluster.create(NETWORK_POLICY, {"metadata": {"name": "rules"}, "spec": spec})

    assert f"NetworkPolicy {NAMESPACE}/rules {what} only shop" in refused(workload)
    assert any("NetworkPolicy" in one for one in workload.preflight(release(allow_policies=True)).warnings)


def test_authorization_policy_for_one_arm_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """By label or by the Service it is attached to."""
    attached = {"targetRefs": [{"kind": "Service", "group": "", "name": "shop"}]}
    cluster.create(AUTHORIZATION_POLICY, {"metadata": {"name": "attached"}, "spec": attached})

    assert f"AuthorizationPolicy {NAMESPACE}/attached selects only shop" in refused(workload)


def test_policies_for_both_arms_are_fine(cluster: FakeCluster, workload: Workload) -> None:
    """A label that both arms carry, or no selector at all."""
    both = {"matchLabels": {"team": "till"}}
    cluster.create(NETWORK_POLICY, {"metadata": {"name": "both"}, "spec": {"podSelector": both}})
    cluster.create(AUTHORIZATION_POLICY, {"metadata": {"name": "all"}, "spec": {}})

    assert () == workload.preflight(release()).warnings


def test_monitors_budgets_and_autoscalers_cause_a_warning(cluster: FakeCluster, workload: Workload) -> None:
    """They treat the arms differently, which is worth knowing but not dangerous."""
    cluster.create(
        DISRUPTION_BUDGET, {"metadata": {"name": "pdb"}, "spec": {"selector": SELECTS_STABLE, "minAvailable": 1}}
    )
    cluster.create(POD_MONITOR, {"metadata": {"name": "scrape"}, "spec": {"selector": SELECTS_STABLE}})
    cluster.autoscale("shop")

    warnings = " ".join(workload.preflight(release()).warnings)
    assert f"PodDisruptionBudget {NAMESPACE}/pdb selects only shop" in warnings
    assert f"PodMonitor {NAMESPACE}/scrape selects only shop" in warnings
    assert f"HorizontalPodAutoscaler {NAMESPACE}/shop scales shop between 1 and 9" in warnings


def test_policies_that_may_not_be_listed_cause_a_warning(cluster: FakeCluster, workload: Workload) -> None:
    """A missing permission is reported instead of assuming safety."""
    cluster.api.faults.deny("list", "networkpolicies")

    assert (
        "NetworkPolicy objects could not be compared: this account may not list them."
        in workload.preflight(release()).warnings
    )


def test_work_without_traffic_causes_a_warning(cluster: FakeCluster, workload: Workload) -> None:
    """Workers of a queue do not care about weights."""
    template = cluster.get("shop")["spec"]["template"]
    container = template["spec"]["containers"][0]
    container["env"] = [{"name": "KAFKA_BROKERS", "value": "kafka:9092"}]
    del container["ports"]
    cluster.change("shop", template=template)
    cluster.settle("shop")

    warnings = " ".join(workload.preflight(release()).warnings)
    assert "has no ports" in warnings
    assert "has KAFKA_BROKERS" in warnings


def test_policy_that_names_the_canary_only_is_refused(cluster: FakeCluster, workload: Workload) -> None:
    """In both cases the judged pods would be treated differently from the serving ones."""
    only = {"matchLabels": {"app": "shop-canary"}}
    cluster.create(AUTHORIZATION_POLICY, {"metadata": {"name": "only"}, "spec": {"selector": only}})

    assert f"AuthorizationPolicy {NAMESPACE}/only selects only shop-canary" in refused(workload)
