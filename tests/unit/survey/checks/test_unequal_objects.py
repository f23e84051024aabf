"""Objects that select one arm only are named: those that decide about access refuse, the rest warns."""

from __future__ import annotations

from typing import Any

import pytest

from steps.cluster.kinds import (
    AUTHORIZATION_POLICY,
    ENVOY_FILTER,
    NETWORK_POLICY,
    PEER_AUTHENTICATION,
    POD_DISRUPTION_BUDGET,
    POD_MONITOR,
    REQUEST_AUTHENTICATION,
    SERVICE_MONITOR,
    SIDECAR,
    TELEMETRY,
    WASM_PLUGIN,
    Kind,
)
from steps.survey.checks.traffic_policies import check_traffic_policies
from steps.survey.checks.unequal_objects import check_unequal_objects
from tests.support.cart_survey import (
    DOMAIN,
    applied,
    arms_of_hosts,
    arms_of_versions,
    hosts,
    obj,
    patches,
    rule,
    service,
    versions,
)

LABELS = {"matchLabels": {"app": "cart"}}
ACCESS = [
    (NETWORK_POLICY, {"podSelector": LABELS}),
    (AUTHORIZATION_POLICY, {"selector": LABELS}),
    (REQUEST_AUTHENTICATION, {"selector": LABELS, "jwtRules": [{"issuer": "https://id.example.com"}]}),
    (PEER_AUTHENTICATION, {"selector": LABELS, "mtls": {"mode": "STRICT"}}),
]
REST = [
    (ENVOY_FILTER, {"workloadSelector": {"labels": {"app": "cart"}}}),
    (SIDECAR, {"workloadSelector": {"labels": {"app": "cart"}}}),
    (TELEMETRY, {"selector": LABELS}),
    (WASM_PLUGIN, {"selector": LABELS, "url": "oci://x"}),
    (POD_MONITOR, {"selector": LABELS}),
    (POD_DISRUPTION_BUDGET, {"selector": LABELS}),
]


@pytest.mark.parametrize(("kind", "spec"), [*ACCESS, *REST], ids=lambda one: getattr(one, "name", ""))
def test_an_object_for_stable_alone_is_named_with_a_copy_for_the_canary(kind: Kind, spec: dict[str, Any]) -> None:
    """The copy has the canary's labels and everything else as it is."""
    survey = hosts(obj(kind, "only", spec))
    (found,) = check_unequal_objects(survey, arms_of_hosts(survey))
    assert f"{kind.name} demo/only" == found.about
    assert ("refuses" if (kind, spec) in ACCESS else "warns") == found.gravity
    copy = applied(found.remedies[0])
    assert (kind.name, "only-cart-canary") == (copy["kind"], copy["metadata"]["name"])
    field = next(key for key in spec if key.endswith("elector"))
    assert {"app": "cart-canary"} == next(iter(copy["spec"][field].values()))
    assert {key: value for key, value in spec.items() if key != field} == {
        key: value for key, value in copy["spec"].items() if key != field
    }


@pytest.mark.parametrize(("kind", "spec"), [*ACCESS, *REST], ids=lambda one: getattr(one, "name", ""))
def test_an_object_for_both_arms_or_for_others_is_none(kind: Kind, spec: dict[str, Any]) -> None:
    """By a label that both have, or none of them."""
    survey = versions(obj(kind, "both", spec))
    assert [] == check_unequal_objects(survey, arms_of_versions(survey))
    other = {key: {"matchLabels": {"app": "db"}} if key.endswith("elector") else value for key, value in spec.items()}
    survey = hosts(obj(kind, "other", other))
    assert [] == check_unequal_objects(survey, arms_of_hosts(survey))


def test_an_object_of_the_whole_namespace_is_none() -> None:
    """Istio's kinds without a selector."""
    survey = hosts(obj(PEER_AUTHENTICATION, "default", {"mtls": {"mode": "STRICT"}}), obj(TELEMETRY, "all", {}))
    assert [] == check_unequal_objects(survey, arms_of_hosts(survey))


@pytest.mark.parametrize("kind", [REQUEST_AUTHENTICATION, TELEMETRY, WASM_PLUGIN])
def test_a_target_reference_to_one_service_counts(kind: Kind) -> None:
    """With waypoints, objects name Services."""
    survey = hosts(obj(kind, "ref", {"targetRefs": [{"kind": "Service", "group": "", "name": "cart"}]}))
    assert [f"{kind.name} demo/ref"] == [one.about for one in check_unequal_objects(survey, arms_of_hosts(survey))]


def test_a_rule_for_one_arm_in_somebody_elses_network_policy_counts() -> None:
    """The database lets only stable in."""
    peer = {"from": [{"podSelector": LABELS}]}
    survey = hosts(obj(NETWORK_POLICY, "db", {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [peer]}))
    (found,) = check_unequal_objects(survey, arms_of_hosts(survey))
    assert ("refuses", ("--allow-policies",)) == (found.gravity, found.remedies)


def test_a_service_monitor_for_one_service_is_named_with_the_labels_to_add() -> None:
    """It selects Services by their labels."""
    services = (service("cart", app="cart"), service("cart-canary", app="cart-canary"))
    services[0]["metadata"]["labels"] = {"monitored": "yes"}
    survey = hosts(obj(SERVICE_MONITOR, "m", {"selector": {"matchLabels": {"monitored": "yes"}}}), services=services)
    (found,) = check_unequal_objects(survey, arms_of_hosts(survey))
    assert ("kubectl label service cart-canary -n demo monitored=yes",) == found.remedies


POLICY = {"outlierDetection": {"consecutive5xxErrors": 5}, "connectionPool": {"http": {"http1MaxPendingRequests": 100}}}


def test_a_traffic_policy_for_one_host_is_named_with_the_same_for_the_other() -> None:
    """Timeouts, pools and outlier detection change what users see."""
    survey = hosts(destination_rules=(rule("cart", policy=POLICY),))
    (found,) = check_traffic_policies(survey, arms_of_hosts(survey))
    assert ("traffic-policy", "warns") == (found.code, found.gravity)
    assert {"host": f"cart-canary.{DOMAIN}", "trafficPolicy": POLICY} == applied(found.remedies[0])["spec"]


def test_a_traffic_policy_of_one_subset_is_named() -> None:
    """The host's applies to both, a subset's to itself."""
    body = rule("cart", policy={"loadBalancer": {"simple": "ROUND_ROBIN"}}, v1="v1", v2="v2")
    survey = versions(destination_rules=(body,))
    assert [] == check_traffic_policies(survey, arms_of_versions(survey))
    body["spec"]["subsets"][0]["trafficPolicy"] = POLICY
    (found,) = check_traffic_policies(survey, arms_of_versions(survey))
    (operation,) = patches(found.remedies[0])
    assert "/spec/subsets/1/trafficPolicy" == operation["path"]


def test_another_tls_mode_refuses() -> None:
    """One of the arms would not be reached at all."""
    survey = hosts(destination_rules=(rule("cart-canary", policy={"tls": {"mode": "DISABLE"}}),))
    assert ["refuses"] == [one.gravity for one in check_traffic_policies(survey, arms_of_hosts(survey))]


def test_a_wildcard_covers_both_hosts() -> None:
    """Its policy is the same for both."""
    survey = hosts(destination_rules=(rule(f"*.{DOMAIN}", policy=POLICY),))
    assert [] == check_traffic_policies(survey, arms_of_hosts(survey))
