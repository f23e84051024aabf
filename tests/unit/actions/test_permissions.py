"""The check of permissions asks for the objects that a run touches, by their names."""

from __future__ import annotations

from steps.actions.permissions import check_permissions
from steps.rollout import Settings
from steps.settings.conventions import conventional_names
from tests.support.cluster_with_rights import ClusterWithRights


def test_services_are_those_of_the_destinations_not_of_the_deployments() -> None:
    """A Role that init prints for a pair of subsets names one Service: another must not be asked for."""
    given = {"app": "shop", "topology": "target-named", "stable": "shop-v1", "canary": "shop-v2"}
    where = {"stable_destination": "shop/v1", "canary_destination": "shop.till.svc.cluster.local/v2"}
    names = conventional_names(Settings.model_validate({**given, **where}), "till")
    cluster = ClusterWithRights()
    check_permissions(cluster, names, baseline=False)
    assert {"shop"} == cluster.asked("services") - {""}
    assert {"shop-v1", "shop-v2"} == cluster.asked("deployments") - {""}
