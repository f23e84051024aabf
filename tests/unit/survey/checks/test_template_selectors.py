"""Selectors inside templates that follow the other arm's labels are named, with one that covers both."""

from __future__ import annotations

from typing import Any

import pytest

from steps.survey.checks.template_selectors import check_template_selectors
from tests.support.cart_survey import V1, arms_of_hosts, arms_of_versions, deployment, hosts, patches, versions

SELECTOR = {"matchLabels": {"app": "cart"}}
OTHERS = {"matchLabels": {"app": "db"}}
EVERY = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
TERM = {"topologyKey": "kubernetes.io/hostname", "labelSelector": SELECTOR}
REQUIRED, PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
SPECS: list[dict[str, Any]] = [
    {"affinity": {"podAntiAffinity": {REQUIRED: [TERM]}}},
    {"affinity": {"podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": TERM}]}}},
    {"affinity": {"podAffinity": {REQUIRED: [TERM]}}},
    {"topologySpreadConstraints": [{"maxSkew": 1, **TERM}]},
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_clone_whose_pods_are_named_otherwise_gets_its_own_rule(spec: dict[str, Any]) -> None:
    """The canary's pods carry app=cart-canary, and so its rule asks for these; a note says so."""
    survey = hosts(deployments=(deployment("cart", 1, spec, app="cart"),))
    (found,) = check_template_selectors(survey, arms_of_hosts(survey))
    assert ("template-selector", "Deployment demo/cart", "notes") == (found.code, found.about, found.gravity)
    assert "in cart-canary it selects those of cart-canary" in found.text


@pytest.mark.parametrize("spec", SPECS)
def test_a_rule_of_a_primary_for_the_apps_pods_gets_one_that_covers_both(spec: dict[str, Any]) -> None:
    """As a line to copy."""
    survey = hosts(
        deployments=(deployment("cart-primary", 1, spec, app="cart-primary"), deployment("cart", 1, app="cart"))
    )
    arms = arms_of_hosts(
        survey, "target-named", stable="cart-primary", canary="cart",
        stable_destination="cart-primary", canary_destination="cart",
    )  # fmt: skip
    (found,) = check_template_selectors(survey, arms)
    (operation,) = patches(found.remedies[0])
    assert operation["path"].endswith("/labelSelector")
    values = {"key": "app", "operator": "In", "values": ["cart", "cart-primary"]}
    assert {"matchExpressions": [values]} == operation["value"]


@pytest.mark.parametrize("spec", SPECS)
def test_in_the_other_topologies_each_template_is_compared_with_its_own_pods(spec: dict[str, Any]) -> None:
    """A primary copied from the app asks for the app's pods: production loses its spread."""
    survey = hosts(
        deployments=(deployment("cart-primary", 1, spec, app="cart-primary"), deployment("cart", 1, spec, app="cart"))
    )
    arms = arms_of_hosts(
        survey, "target-named", stable="cart-primary", canary="cart",
        stable_destination="cart-primary", canary_destination="cart",
    )  # fmt: skip
    assert ["Deployment demo/cart-primary"] == [one.about for one in check_template_selectors(survey, arms)]


def test_a_selector_of_both_arms_is_a_note_where_it_is_hard_and_repels() -> None:
    """Each canary pod needs a place of its own."""
    shared = deployment("cart-v2", 1, SPECS[0], app="cart", version="v2")
    survey = versions(deployments=(V1, shared))
    assert [("crowded", "notes")] == [
        (one.code, one.gravity) for one in check_template_selectors(survey, arms_of_versions(survey))
    ]


@pytest.mark.parametrize("selector", [OTHERS, {}, EVERY])
def test_selectors_of_others_and_of_all_are_none(selector: dict[str, Any]) -> None:
    """They mean the same for both arms."""
    spec = {"topologySpreadConstraints": [{"topologyKey": "zone", "labelSelector": selector}]}
    survey = hosts(deployments=(deployment("cart", 1, spec, app="cart"),))
    assert [] == check_template_selectors(survey, arms_of_hosts(survey))
