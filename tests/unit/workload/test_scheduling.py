"""Rules that spread a template's own pods follow the arm: neither canary nor production loses its spread."""

from __future__ import annotations

from typing import Any

import pytest

from steps.workload.scheduling import scheduling_selectors
from steps.workload.template import fingerprint, promoted_template, with_labels
from steps.workload.workload import Workload
from tests.support.fake_cluster import FakeCluster, prepared
from tests.support.shop_release import TOKEN, release, renew

STABLE, CANARY = {"app": "shop", "team": "till"}, {"app": "shop-canary", "team": "till"}
REQUIRED, PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))


def template(selector: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a template with the same selector in every rule that may have one."""
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}
    rules = {REQUIRED: [term], PREFERRED: [{"weight": 1, "podAffinityTerm": term}]}
    spec = {
        "affinity": {"podAntiAffinity": rules, "podAffinity": rules},
        "topologySpreadConstraints": [{"maxSkew": 1, **term}],
    }
    return {"metadata": {"labels": labels or STABLE}, "spec": spec}


def selectors(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the selectors, each once."""
    every = [selector for _, selector in scheduling_selectors(found)]
    assert 5 == len(every)
    return [one for at, one in enumerate(every) if one not in every[:at]]


OWN = [
    ({"matchLabels": {"app": "shop"}}, {"matchLabels": {"app": "shop-canary"}}),
    ({"matchLabels": {"app": "shop", "team": "till"}}, {"matchLabels": {"app": "shop-canary", "team": "till"}}),
    (
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop-canary"]}]},
    ),
]
STAYING = [
    {"matchLabels": {"team": "till"}},
    {"matchLabels": {"app": "db"}},
    {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop", "shop-canary"]}]},
    {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
    {"matchLabels": {"app": "shop", "team": "other"}},
]


@pytest.mark.parametrize(("own", "followed"), OWN)
def test_selectors_of_the_own_pods_follow_to_the_clone_and_back(own: dict[str, Any], followed: dict[str, Any]) -> None:
    """Promote restores what stable had, and the fingerprint is that of the same version."""
    stable = template(own)
    made = with_labels(stable, CANARY)
    assert [followed] == selectors(made)
    assert [own] == selectors(promoted_template(made, stable, {"app"}))
    assert fingerprint(stable, {"app"}) == fingerprint(made, {"app"})


@pytest.mark.parametrize("selector", STAYING)
def test_selectors_of_both_arms_or_of_other_pods_stay(selector: dict[str, Any]) -> None:
    """They mean what they say in each arm."""
    stable = template(selector)
    made = with_labels(stable, CANARY)
    assert [selector] == selectors(made)
    assert [selector] == selectors(promoted_template(made, stable, {"app"}))
    assert fingerprint(stable, {"app"}) == fingerprint(made, {"app"})


def test_production_keeps_its_spread_where_people_deploy_the_canary() -> None:
    """The app's rule asks for its own pods; copied to the primary it asks for the primary's."""
    app = template({"matchLabels": {"app": "shop"}})
    primary = template({"matchLabels": {"app": "shop-primary"}}, {"app": "shop-primary", "team": "till"})
    assert [{"matchLabels": {"app": "shop-primary"}}] == selectors(promoted_template(app, primary, {"app"}))


def test_another_rule_is_another_version() -> None:
    """Only the arm's own label is left out."""
    one = template({"matchLabels": {"app": "shop"}})
    for selector in ({"matchLabels": {"app": "db"}}, {"matchLabels": {"team": "till"}}):
        assert fingerprint(one, {"app"}) != fingerprint(template(selector), {"app"})


def test_a_release_with_such_rules_is_promoted_and_recognised(cluster: FakeCluster, workload: Workload) -> None:
    """A repeated promote finds its own template."""
    rules = template({"matchLabels": {"app": "shop"}})["spec"]
    found = cluster.get("shop")["spec"]["template"]
    cluster.change("shop", template={**found, "spec": {**found["spec"], **rules}})
    cluster.settle("shop")
    state = prepared(cluster, workload, release())
    clone = cluster.get("shop-canary")["spec"]["template"]
    assert [{"matchLabels": {"app": "shop-canary"}}] == selectors(clone)
    pin = workload.pin(state)
    for _ in range(2):
        workload.promote_template(state, pin, TOKEN, 10, renew)
    assert workload.is_promoted(state, pin)
    assert [{"matchLabels": {"app": "shop"}}] == selectors(cluster.get("shop")["spec"]["template"])
