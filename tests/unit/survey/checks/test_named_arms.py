"""A release infers no names: where a survey does, the flags that name them are a line to copy."""

from __future__ import annotations

from dataclasses import replace

from steps.model.run import Destination
from steps.survey.checks.named_arms import check_named_arms
from tests.support.cart_survey import arms_of_hosts, arms_of_versions, hosts, versions


def test_two_deployments_that_people_deploy_have_to_be_named() -> None:
    """With what promote will do to stable."""
    arms = arms_of_versions(versions())
    convention = arms_of_hosts(hosts()).names
    (found,) = check_named_arms(arms, convention, "stable-named")
    assert ("name-the-arms", "App cart", "refuses") == (found.code, found.about, found.gravity)
    named = "--topology target-named --stable cart-v1 --canary cart-v2"
    where = "--stable-destination cart/v1 --canary-destination cart/v2 --virtual-service cart"
    assert (f"{named} {where}",) == found.remedies
    assert "copies that to cart-v1 and scales cart-v2 to 0" in found.text


def test_named_arms_pass() -> None:
    """By flags, or by the convention."""
    for arms in (arms_of_versions(versions()), arms_of_hosts(hosts())):
        assert [] == check_named_arms(arms, arms.names, arms.topology)


def test_each_name_counts_and_so_does_the_topology() -> None:
    """Also where the settings are refused as they are."""
    arms = arms_of_hosts(hosts())
    other = replace(arms.names, canary_destination=Destination("cart", "v2"))
    assert check_named_arms(arms, other, "stable-named")
    assert check_named_arms(arms, arms.names, "target-named")
    assert check_named_arms(arms, None, "stable-named")
