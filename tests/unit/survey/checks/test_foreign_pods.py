"""Pods of others behind a destination get users at any weight: refused, with what tells them apart."""

from __future__ import annotations

import pytest

from steps.cluster.kinds import DAEMON_SET, STATEFUL_SET, Kind
from steps.survey.checks.foreign_pods import check_foreign_pods
from tests.support.cart_survey import (
    V1,
    V2,
    applied,
    arms_of_versions,
    deployment,
    obj,
    patches,
    rule,
    said,
    versions,
)


def test_two_subsets_with_a_deployment_each_are_fine() -> None:
    """Although the Service selects both."""
    assert [] == check_foreign_pods(versions(), arms_of_versions(versions()))


def test_a_canary_to_be_made_where_another_deployment_serves_is_refused_with_its_name() -> None:
    """Else a second Deployment shares the canary's weight with the old v2."""
    survey = versions()
    arms = arms_of_versions(survey, "stable-named", canary="cart-v1-canary")
    (found,) = check_foreign_pods(survey, arms)
    assert ("foreign-pods", "Service demo/cart", "refuses") == said([found])[0]
    assert "Deployment cart-v2" in found.text
    arms_named = "--topology swap --stable cart-v1 --canary cart-v2"
    where = "--stable-destination cart/v1 --canary-destination cart/v2 --virtual-service cart"
    assert (f"{arms_named} {where}",) == found.remedies


@pytest.mark.parametrize("others", [(V1, V2), (V1, V2, deployment("cart-v3", app="cart", version="v3"))])
def test_a_whole_service_over_several_versions_is_refused(others: tuple[dict[str, object], ...]) -> None:
    """A part of all users would meet each of them; the subset that leads to stable alone is offered first."""
    survey = versions(deployments=others)
    found = check_foreign_pods(survey, arms_of_versions(survey, stable_destination="cart"))
    assert ["refuses"] == [one.gravity for one in found]
    assert "cart-v2" in found[0].text
    assert "--stable-destination cart/v1" == found[0].remedies[0]


def test_without_subsets_the_lines_make_some() -> None:
    """DestinationRule, destination of the routes, and the flag."""
    survey = versions(destination_rules=())
    stable = check_foreign_pods(survey, arms_of_versions(survey, stable_destination="cart"))[0]
    made = applied(stable.remedies[0])
    assert {"host": "cart.demo.svc.cluster.local", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]} == made[
        "spec"
    ]
    assert "--stable-destination cart/v1" in stable.remedies[0]


def test_a_subset_over_two_deployments_is_narrowed() -> None:
    """By the label that only the arm's own pods have."""
    twin = deployment("cart-v2-eu", app="cart", version="v2", region="eu")
    own = deployment("cart-v2", app="cart", version="v2", region="us")
    survey = versions(deployments=(V1, own, twin))
    (found,) = check_foreign_pods(survey, arms_of_versions(survey))
    assert [{"op": "add", "path": "/spec/subsets/1/labels", "value": {"region": "us", "version": "v2"}}] == patches(
        found.remedies[0]
    )


@pytest.mark.parametrize("kind", [STATEFUL_SET, DAEMON_SET])
def test_pods_of_other_kinds_count_too(kind: Kind) -> None:
    """A StatefulSet behind the same Service gets users as well."""
    template = {"metadata": {"labels": {"app": "cart", "version": "v2"}}}
    survey = versions(obj(kind, "cart-old", {"template": template}))
    (found,) = check_foreign_pods(survey, arms_of_versions(survey))
    assert "cart-old" in found.text


def test_a_deployment_without_pods_is_a_warning() -> None:
    """It gets nothing now."""
    idle = deployment("cart-v0", 0, app="cart", version="v1")
    survey = versions(deployments=(V1, V2, idle), destination_rules=(rule("cart", v1="v1", v2="v2"),))
    (found,) = check_foreign_pods(survey, arms_of_versions(survey))
    assert ("warns", "Service demo/cart") == (found.gravity, found.about)
    assert "kubectl delete deployment cart-v0 -n demo" == found.remedies[-1]


def test_the_baseline_of_the_release_is_not_foreign() -> None:
    """It stands behind the canary's destination on purpose."""
    survey = versions(deployments=(V1, V2, deployment("cart-v2-baseline", 0, app="cart", version="v2")))
    assert [] == check_foreign_pods(survey, arms_of_versions(survey, baseline="cart-v2-baseline"))
