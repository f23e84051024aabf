"""Each route that leads to the canary beside the released ones is named, with what its users get between releases."""

from __future__ import annotations

from typing import Any

import pytest

from steps.survey.checks.other_routes import check_other_routes
from tests.support.cart_survey import (
    CART,
    HOSTS_PAIR,
    PAIR,
    V1,
    arms_of_hosts,
    arms_of_versions,
    deployment,
    hosts,
    patches,
    route,
    said,
    service,
    versions,
    virtual_service,
)

TO_V2 = (("cart/v2", None),)


@pytest.mark.parametrize(
    ("match", "shown"),
    [
        ({"headers": {"cookie": {"regex": ".*group=b.*"}}}, "cookie regex .*group=b.*"),
        ({"headers": {"x-tester": {"exact": "yes"}}}, "header x-tester exact yes"),
        ({"uri": {"prefix": "/beta"}}, "uri prefix /beta"),
        ({"queryParams": {"v": {"exact": "2"}}}, "query v exact 2"),
        ({"sourceLabels": {"app": "tester"}}, "sourceLabels"),
        (None, "every request"),
    ],
)
def test_a_sticky_route_to_the_canary_is_named_with_what_it_matches(
    match: dict[str, object] | None, shown: str
) -> None:
    """Its users get the unjudged image at weight 0."""
    sticky = route(*TO_V2, **({"match": [match]} if match else {}))
    survey = versions(virtual_services=(virtual_service("cart", sticky, PAIR),))
    (found,) = check_other_routes(survey, arms_of_versions(survey))
    assert ("other-route", "VirtualService demo/cart", "warns") == said([found])[0]
    assert shown in found.text
    value = {"host": "cart.demo.svc.cluster.local", "subset": "v1"}
    assert [{"op": "replace", "path": "/spec/http/0/route/0/destination", "value": value}] == patches(found.remedies[0])


@pytest.mark.parametrize("namespace", ["demo", "gateways"])
def test_a_second_host_and_a_second_namespace_are_seen(namespace: str) -> None:
    """Of any VirtualService that may be listed."""
    beta = route(("cart.demo.svc.cluster.local/v2", None))
    other = virtual_service("beta", beta, namespace=namespace, hosts=["beta.example.com"])
    survey = versions(virtual_services=(CART, other))
    (found,) = check_other_routes(survey, arms_of_versions(survey))
    assert f"VirtualService {namespace}/beta" == found.about
    assert "beta.example.com" in found.text


def test_a_service_over_the_canarys_pods_alone_leads_to_it_too() -> None:
    """Another name for the same pods."""
    beta = virtual_service("beta", route(("cart-beta", None)))
    services = (service("cart", app="cart"), service("cart-beta", app="cart", version="v2"))
    survey = versions(virtual_services=(CART, beta), services=services)
    assert ["VirtualService demo/beta"] == [one.about for one in check_other_routes(survey, arms_of_versions(survey))]


def test_a_route_to_the_whole_service_reaches_both_arms() -> None:
    """At any weight."""
    survey = versions(virtual_services=(CART, virtual_service("all", route(("cart", None)))))
    (found,) = check_other_routes(survey, arms_of_versions(survey))
    assert "both arms" in found.text


@pytest.mark.parametrize("deployments", [(), (deployment("cart-canary", 0, app="cart-canary"),)])
def test_a_route_without_pods_behind_it_is_dead_between_releases(deployments: tuple[Any, ...]) -> None:
    """Where the canary is not there, or scaled to 0."""
    sticky = route(("cart-canary", None), match=[{"headers": {"x-tester": {"exact": "yes"}}}])
    survey = hosts(
        virtual_services=(virtual_service("cart", sticky, HOSTS_PAIR),),
        deployments=(deployment("cart", app="cart"), *deployments),
    )
    (found,) = check_other_routes(survey, arms_of_hosts(survey))
    assert "503, as they do now" in found.text
    assert 1 == len(found.remedies)


@pytest.mark.parametrize("topology", ["stable-named", "target-named", "swap"])
def test_what_users_of_such_a_route_get_is_said(topology: str) -> None:
    """The new image at once; pods stay in each topology, and a rollback puts the old template back."""
    survey = versions(virtual_services=(virtual_service("cart", route(*TO_V2), PAIR),))
    (found,) = check_other_routes(survey, arms_of_versions(survey, topology))
    assert "the new image as soon as it is rolled out for a release" in found.text
    assert "It is not scaled to 0 as long as such a route leads to it" in found.text
    assert found.text.endswith("Now 1 ready pod is behind the route.")
    assert "503" not in found.text


def test_a_deployed_canary_that_people_scaled_to_0_leaves_such_a_route_dead() -> None:
    """It gets pods only for a release."""
    survey = versions(
        virtual_services=(virtual_service("cart", route(*TO_V2), PAIR),),
        deployments=(V1, deployment("cart-v2", 0, app="cart", version="v2")),
    )
    (found,) = check_other_routes(survey, arms_of_versions(survey, "swap"))
    assert "Between releases they get 503, as they do now" in found.text


def test_a_route_to_the_canary_at_weight_0_is_none() -> None:
    """Beside a third version."""
    survey = versions(virtual_services=(virtual_service("cart", PAIR, route(("cart/v3", 100), ("cart/v2", 0))),))
    assert [] == check_other_routes(survey, arms_of_versions(survey))


@pytest.mark.parametrize(
    ("more", "paths"),
    [
        ({"mirror": {"host": "cart", "subset": "v2"}, "mirrorPercentage": {"value": 1}},
         ["mirror", "mirrorPercentage"]),
        ({"mirrors": [{"destination": {"host": "cart", "subset": "v2"}, "percentage": {"value": 10}}]}, ["mirrors"]),
        ({"mirrors": [{"destination": {"host": "cart", "subset": one}} for one in ("v2", "v3", "v2")]},
         ["mirrors/2", "mirrors/0"]),
    ],
)  # fmt: skip
def test_a_mirror_to_the_canary_is_named(more: dict[str, Any], paths: list[str]) -> None:
    """Copies count as requests of the canary; the line to copy removes these mirrors alone."""
    survey = versions(virtual_services=(CART, virtual_service("shadow", route(("cart/v1", None), **more))))
    (found,) = check_other_routes(survey, arms_of_versions(survey))
    assert ("mirror", "VirtualService demo/shadow", "warns") == said([found])[0]
    assert [f"/spec/http/0/{path}" for path in paths] == [one["path"] for one in patches(found.remedies[0])]


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_routes_of_other_protocols_count(kind: str) -> None:
    """They have no weights of ours."""
    entry = {"route": [{"destination": {"host": "cart", "subset": "v2"}}]}
    raw = virtual_service("raw")
    raw["spec"][kind] = [entry]
    survey = versions(virtual_services=(CART, raw))
    assert [f"{kind} route #0" in one.text for one in check_other_routes(survey, arms_of_versions(survey))] == [True]


def test_routes_to_stable_or_to_others_are_none() -> None:
    """Of any kind."""
    survey = versions(
        virtual_services=(
            CART,
            virtual_service("a", route(("cart/v1", None))),
            virtual_service("b", route(("db", None))),
        ),
        deployments=(V1, deployment("cart-v2", app="cart", version="v2")),
    )
    assert [] == check_other_routes(survey, arms_of_versions(survey))
