"""A write that the API server refused for a while: requests leave from the moment at which it was stored."""

from __future__ import annotations

import pytest

from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from tests.support.kubernetes_api.faults import Call
from tests.support.shop_namespace import SHOP, ShopNamespace

REFUSED_SECONDS = 45.0


def returned(way: str, claim: Claim, traffic: Traffic) -> Claim:
    """Return all users to stable, in one of the ways there are, and then renew the claim as a drain does."""
    if way == "set-weight":
        moved, _ = traffic.set_weight(claim, 0)
    elif way == "retreat":
        moved = traffic.retreat(claim, "too many 5xx")
    else:
        moved = traffic.take_over(claim, "r2", "it died", supersede=True)
    return traffic.claims.update_state(moved, reason="it goes on")


@pytest.mark.parametrize("slow", ["shop", "shop-inner"])
@pytest.mark.parametrize("way", ["set-weight", "retreat", "take-over"])
def test_the_time_of_the_last_weight_is_that_of_the_write_that_was_stored(
    shop: ShopNamespace, traffic: Traffic, way: str, slow: str
) -> None:
    """The patch was made before; a drain that counts from there would end while proxies still have the old routes."""
    shop.add()
    shop.add("shop-inner")
    claim, _ = traffic.set_weight(shop.claim("r1", "shop", "shop-inner"), 60)

    def is_moving(call: Call) -> bool:
        return (call.resource, call.name) == ("virtualservices", slow) and b"/spec/http" in call.body

    def refuse(_: Call) -> None:
        shop.api.store.clock_offset_seconds += REFUSED_SECONDS

    shop.api.faults.on_write(1, refuse, moment="before", only=is_moving)
    before = traffic.claims.now()
    at, weight = returned(way, claim, traffic).state.weights[-1]
    assert (0, True) == (weight, at >= before + REFUSED_SECONDS - 2), at - before
    run = "r2" if way == "take-over" else "r1"
    stored, _ = traffic.claims.held("shop", run, [SHOP]).state.weights[-1]
    assert stored >= before + REFUSED_SECONDS - 2, "another process that goes on lets the requests leave from then on"


@pytest.mark.parametrize("way", ["set-weight", "retreat", "take-over"])
def test_the_users_of_all_virtual_services_move_before_the_time_is_stored(
    shop: ShopNamespace, traffic: Traffic, way: str
) -> None:
    """A slow write of the first one costs the users of the second one no further request."""
    shop.add()
    shop.add("shop-inner")
    claim, _ = traffic.set_weight(shop.claim("r1", "shop", "shop-inner"), 60)

    def refuse(_: Call) -> None:
        shop.api.store.clock_offset_seconds += REFUSED_SECONDS

    shop.api.faults.on_write(1, refuse, moment="before", only=lambda call: b"/spec/http" in call.body)
    known = len(shop.api.faults.writes())
    returned(way, claim, traffic)
    written = [call for call in shop.api.faults.writes()[known:] if call.resource == "virtualservices"]
    moves = [b"/spec/http" in call.body for call in written]
    assert moves[:3] == [True, True, False], [(call.name, call.body) for call in written]


def test_a_weight_that_became_0_late_is_stored_with_the_time_at_which_it_did(
    shop: ShopNamespace, traffic: Traffic
) -> None:
    """Another process lets the requests leave from then on; the write was refused for 10 s after it was decided."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)

    def pass_time(_: object) -> None:
        shop.api.store.clock_offset_seconds += 10.0

    shop.api.faults.on_write(1, pass_time, moment="before", only=lambda call: call.resource == "virtualservices")
    after = traffic.retreat(claim, "5xx")

    held = traffic.claims.held("shop", "r1", [SHOP])
    (began, _), (ended, _) = held.state.weights
    assert 9.0 <= ended - began
    assert after.state.weights == held.state.weights
