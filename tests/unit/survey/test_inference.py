"""The two arms of an app follow from its manifests; where they do not, the refusal lists what a person can choose."""

from __future__ import annotations

from typing import Any

import pytest

from steps.errors import PermanentError
from steps.model.run import Destination, ObjectName
from steps.survey.inference import Hints, Inferred, infer
from steps.survey.objects import Survey

Json = dict[str, Any]
NAMESPACE = "demo"


def deployment(name: str, **labels: str) -> Json:
    """Return a Deployment whose selector and pods carry the same labels."""
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "demo/app:1"}]}}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"template": template}}


def service(name: str, **selector: str) -> Json:
    """Return a Service."""
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"selector": selector}}


def rule(host: str, **subsets: str) -> Json:
    """Return a DestinationRule whose subsets differ in `version`."""
    body = [{"name": name, "labels": {"version": version}} for name, version in subsets.items()]
    return {"metadata": {"name": host, "namespace": NAMESPACE}, "spec": {"host": host, "subsets": body}}


def route(*weighted: tuple[str, int | None], **more: Any) -> Json:
    """Return an HTTP route to `host` or `host/subset` destinations with weights."""
    entries = []
    for text, weight in weighted:
        host, _, subset = text.partition("/")
        body = {"host": host, **({"subset": subset} if subset else {})}
        entries.append({"destination": body, **({} if weight is None else {"weight": weight})})
    return {"route": entries, **more}


def virtual_service(name: str, *routes: Json, namespace: str = NAMESPACE) -> Json:
    """Return a VirtualService."""
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"hosts": [name], "http": list(routes)}}


CART = (deployment("cart-v1", app="cart", version="v1"), deployment("cart-v2", app="cart", version="v2"))
CART_SERVICE = service("cart", app="cart")
CART_RULE = rule("cart", v1="v1", v2="v2")


def inferred(*virtual_services: Json, **changes: Any) -> Inferred | None:
    """Infer the arms of `cart`, which has two versions as subsets, unless `changes` say otherwise."""
    hints = {name: changes.pop(name) for name in ("stable", "canary", "stable_destination") if name in changes}
    parts = {"services": (CART_SERVICE,), "deployments": CART, "destination_rules": (CART_RULE,), **changes}
    return infer(Survey(NAMESPACE, virtual_services, **parts), Hints("cart", **hints))


def arms(found: Inferred | None) -> tuple[Any, ...]:
    """Return destinations and Deployments of both arms."""
    assert found is not None
    assert found.canary is not None
    both = found.stable, found.canary
    return tuple((str(arm.destination), arm.behind.deployments) for arm in both)


@pytest.mark.parametrize(
    ("weights", "stable", "canary"), [((90, 10), "v1", "v2"), ((0, 100), "v2", "v1"), ((100, 0), "v1", "v2")]
)
def test_of_two_subsets_the_heavier_one_is_stable(weights: tuple[int, int], stable: str, canary: str) -> None:
    """And subset labels with the Service's selector name the two Deployments."""
    found = inferred(virtual_service("cart", route(("cart/v1", weights[0]), ("cart/v2", weights[1]))))
    assert ((f"cart/{stable}", (f"cart-{stable}",)), (f"cart/{canary}", (f"cart-{canary}",))) == arms(found)


def test_a_route_to_one_arm_alone_beside_the_pair_changes_nothing() -> None:
    """A sticky header or cookie does not make a second pair."""
    sticky = route(("cart/v2", None), match=[{"headers": {"x-group": {"exact": "b"}}}])
    found = inferred(virtual_service("cart", sticky, route(("cart/v1", 90), ("cart/v2", 10))))
    assert (("cart/v1", ("cart-v1",)), ("cart/v2", ("cart-v2",))) == arms(found)


def test_a_third_version_outside_the_pair_is_in_no_arm() -> None:
    """Subset labels keep it out, although the Service selects it."""
    third = deployment("cart-v3", app="cart", version="v3")
    found = inferred(virtual_service("cart", route(("cart/v1", 100), ("cart/v2", 0))), deployments=(*CART, third))
    assert (("cart/v1", ("cart-v1",)), ("cart/v2", ("cart-v2",))) == arms(found)


def test_a_third_destination_at_weight_0_does_not_hide_the_pair() -> None:
    """Two carry all weight."""
    body = route(("cart/v1", 90), ("cart/v2", 10), ("cart/v3", 0))
    assert (("cart/v1", ("cart-v1",)), ("cart/v2", ("cart-v2",))) == arms(inferred(virtual_service("cart", body)))


def test_two_hosts_are_a_pair_as_two_subsets_are() -> None:
    """The convention of this product."""
    found = inferred(
        virtual_service("cart", route(("cart", 100), ("cart-canary", 0))),
        deployments=(deployment("cart", app="cart"),),
        services=(CART_SERVICE, service("cart-canary", app="cart-canary")),
    )
    assert (("cart", ("cart",)), ("cart-canary", ())) == arms(found)


@pytest.mark.parametrize("namespace", [NAMESPACE, "gateways"])
def test_full_host_names_mean_the_same_as_short_ones(namespace: str) -> None:
    """And are kept in full where the VirtualService is in another namespace."""
    host = "cart.demo.svc.cluster.local"
    found = inferred(
        virtual_service("shop", route((f"{host}/v1", 90), (f"{host}/v2", 10)), namespace=namespace),
    )
    shown = "cart" if namespace == NAMESPACE else host
    assert ((f"{shown}/v1", ("cart-v1",)), (f"{shown}/v2", ("cart-v2",))) == arms(found)
    assert found is not None
    assert (ObjectName(namespace, "shop"),) == found.virtual_services


def test_a_short_host_in_another_namespace_is_not_ours() -> None:
    """There it means a Service of that namespace."""
    split = route(("cart/v1", 90), ("cart/v2", 10))
    assert inferred(virtual_service("shop", split, namespace="gateways")) is None


def test_two_virtual_services_with_the_same_pair_are_released_together() -> None:
    """One for the mesh and one for the gateway."""
    split = route(("cart/v1", 90), ("cart/v2", 10))
    found = inferred(virtual_service("cart", split), virtual_service("cart-entry", split))
    assert found is not None
    assert (ObjectName(NAMESPACE, "cart"), ObjectName(NAMESPACE, "cart-entry")) == found.virtual_services


def test_one_destination_alone_is_stable_and_the_canary_is_to_be_made() -> None:
    """As in most apps before their first release."""
    found = inferred(virtual_service("cart", route(("cart/v1", None))))
    assert found is not None
    assert (Destination("cart", "v1"), ("cart-v1",), None) == (
        found.stable.destination, found.stable.behind.deployments, found.canary,
    )  # fmt: skip


def test_equal_weights_are_refused_with_the_flags_that_choose() -> None:
    """Nothing in the routes says which one serves."""
    with pytest.raises(PermanentError, match="--stable-destination cart/v1 --canary-destination cart/v2"):
        inferred(virtual_service("cart", route(("cart/v1", 50), ("cart/v2", 50))))


@pytest.mark.parametrize("hint", [{"stable": "cart-v2"}, {"canary": "cart-v1"}, {"stable_destination": "cart/v2"}])
def test_one_name_of_either_arm_decides(hint: dict[str, str]) -> None:
    """Piece by piece, against the weights too."""
    found = inferred(virtual_service("cart", route(("cart/v1", 90), ("cart/v2", 10))), **hint)
    assert (("cart/v2", ("cart-v2",)), ("cart/v1", ("cart-v1",))) == arms(found)


def test_two_pairs_are_refused_with_the_flags_of_each() -> None:
    """Each with its VirtualService and destinations."""
    with pytest.raises(PermanentError) as refused:
        inferred(
            virtual_service("cart", route(("cart/v1", 90), ("cart/v2", 10))),
            virtual_service("other", route(("cart/v1", 90), ("cart/v3", 10))),
        )
    assert "--virtual-service demo/cart --stable-destination cart/v1 --canary-destination cart/v2" in str(refused.value)
    assert "--virtual-service demo/other --stable-destination cart/v1 --canary-destination cart/v3" in str(
        refused.value
    )


def test_a_missing_virtual_service_raises_nothing() -> None:
    """Init makes one."""
    assert inferred() is None
