"""Deployments that cannot be released are named with their kind, their candidates, or the line that helps."""

from __future__ import annotations

from typing import Any

import pytest

from steps.cluster.kinds import DAEMON_SET, PERSISTENT_VOLUME_CLAIM, ROLLOUT, STATEFUL_SET, Kind
from steps.survey.checks.all_checks import all_problems
from steps.survey.checks.pair import check_pair
from steps.survey.checks.workloads import check_workloads
from tests.support.cart_survey import (
    V1,
    V2,
    arms_of_hosts,
    arms_of_versions,
    deployment,
    hosts,
    obj,
    route,
    service,
    versions,
    virtual_service,
)


def codes(problems: list[Any], gravity: str = "refuses") -> list[str]:
    """Return the codes of one gravity."""
    return [one.code for one in problems if one.gravity == gravity]


def test_plain_apps_have_no_problem() -> None:
    """Of either shape."""
    assert [] == all_problems(hosts(), arms_of_hosts(hosts()))
    assert [] == all_problems(versions(), arms_of_versions(versions()))


@pytest.mark.parametrize("kind", [ROLLOUT, STATEFUL_SET, DAEMON_SET], ids=lambda kind: kind.name)
def test_another_kind_of_that_name_is_said(kind: Kind) -> None:
    """Instead of "does not exist"."""
    survey = hosts(obj(kind, "cart", {}), deployments=())
    (found,) = [one for one in check_workloads(survey, arms_of_hosts(survey)) if one.gravity == "refuses"]
    assert ("other-kind", f"{kind.name} demo/cart") == (found.code, found.about)


def test_a_missing_deployment_comes_with_candidates() -> None:
    """Those behind the destination, which stays; target-named, init makes one too."""
    survey = versions()
    found = check_workloads(survey, arms_of_versions(survey, "stable-named", stable="cart", canary="cart-canary"))
    named = "--stable cart-v1 --stable-destination cart/v1"
    assert (named,) == next(one for one in found if one.code == "missing-deployment").remedies
    found = check_workloads(survey, arms_of_versions(survey, stable="cart"))
    init, second = next(one for one in found if one.code == "missing-deployment").remedies
    assert named == second
    flags = "--topology target-named --stable cart --canary cart-v2 --stable-destination cart/v1"
    assert init.startswith(f"canary-steps init --app cart --namespace demo {flags} ")


def test_containers_are_named_where_there_are_several() -> None:
    """The mesh's own is none of the app's."""
    two = deployment("cart", app="cart")
    two["spec"]["template"]["spec"]["containers"].append({"name": "istio-proxy", "image": "auto"})
    survey = hosts(deployments=(two,))
    assert [] == check_workloads(survey, arms_of_hosts(survey))
    two["spec"]["template"]["spec"]["containers"][1]["name"] = "logger"
    (found,) = check_workloads(survey, arms_of_hosts(survey))
    assert ("container", ("--container app", "--container logger")) == (found.code, found.remedies)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"replicas": 0}, "stable-not-ready"),
        ({"replicas": 3}, "stable-unready"),
        ({"paused": True}, "stable-not-ready"),
        ({"strategy": {"type": "Recreate"}}, "stable-not-ready"),
        ({"revisionHistoryLimit": 0}, "stable-not-ready"),
    ],
)
def test_what_prepare_refuses_of_stable_is_found(change: dict[str, Any], code: str) -> None:
    """By its own functions."""
    stable = deployment("cart", app="cart")
    stable["spec"].update(change)
    survey = hosts(deployments=(stable,))
    (found,) = check_workloads(survey, arms_of_hosts(survey))
    assert (code, ()) == (found.code, found.remedies)


def test_managers_and_volumes_are_found_together() -> None:
    """Every problem at once: promote writes stable's template, but for a swap."""
    volume = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    stable = deployment("cart", 1, volume, app="cart")
    stable["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    claim = obj(PERSISTENT_VOLUME_CLAIM, "data", {"accessModes": ["ReadWriteOnce"]})
    survey = hosts(claim, deployments=(stable,))
    assert ["manager", "volume"] == codes(check_workloads(survey, arms_of_hosts(survey)))
    helm = {**V1, "metadata": {**V1["metadata"], "labels": stable["metadata"]["labels"]}}
    survey = versions(deployments=(helm, V2))
    assert ["manager"] == codes(check_workloads(survey, arms_of_versions(survey)))
    assert [] == codes(check_workloads(survey, arms_of_versions(survey, "swap")))


def test_services_are_compared_with_what_weights_need() -> None:
    """Missing, headless, or outside the cluster."""
    canary = service("cart-canary", app="cart-canary")
    survey = hosts(services=(service("cart", app="cart"),))
    assert ["missing-service"] == codes(check_workloads(survey, arms_of_hosts(survey)))
    survey = hosts(
        services=({**service("cart", app="cart"), "spec": {"selector": {"app": "cart"}, "clusterIP": "None"}}, canary)
    )
    assert ["headless-service"] == codes(check_workloads(survey, arms_of_hosts(survey)), "warns")
    survey = hosts(
        services=({**service("cart"), "spec": {"type": "ExternalName", "externalName": "x.example"}}, canary)
    )
    assert "service" in codes(check_workloads(survey, arms_of_hosts(survey)))


def test_a_canary_that_people_deploy_is_not_overwritten() -> None:
    """The topology that uses it is offered; the placeholder of another name is explained."""
    survey = hosts(deployments=(deployment("cart", app="cart"), deployment("cart-canary", app="cart-canary")))
    (found,) = check_workloads(survey, arms_of_hosts(survey))
    named = "--topology target-named --stable cart --canary cart-canary --virtual-service cart"
    assert (named, "--canary ANOTHER-NAME") == found.remedies
    assert "ANOTHER-NAME stands for" in found.text


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ((), "missing-virtual-service"),
        ((virtual_service("cart", route(("cart", None))),), "no-pair"),
        ((virtual_service("cart", {"delegate": {"name": "cart-inner"}}),), "no-pair"),
    ],
)
def test_routes_without_both_arms_are_found(made: tuple[Any, ...], code: str) -> None:
    """With init, or the delegate to name."""
    survey = hosts(virtual_services=made)
    (found,) = check_pair(survey, arms_of_hosts(survey))
    assert code == found.code
    delegate = made and "delegate" in made[0]["spec"]["http"][0]
    assert ("--virtual-service demo/cart-inner" if delegate else "canary-steps init --app cart") in found.remedies[0]
