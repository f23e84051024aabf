"""Events: every act is told, and telling is never in the way."""

import time

from steps.traffic import Traffic
from tests.support.kubernetes_api.kinds import EVENT
from tests.support.shop_namespace import ShopNamespace, record_of


def test_every_act_is_an_event_on_the_virtual_service(shop: ShopNamespace, traffic: Traffic) -> None:
    """`kubectl describe` tells the story of a run."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(traffic=traffic), 10)
    claim = traffic.retreat(claim, "too many 5xx")
    traffic.release(claim, record_of(claim))
    assert shop.events() == ["Claimed", "WeightSet", "Retreated", "Released"]
    about = shop.api.store.list(EVENT, "shop")[0]["involvedObject"]
    assert about["uid"] == shop.get()["metadata"]["uid"]


def test_no_right_to_write_events_is_no_failure(shop: ShopNamespace, traffic: Traffic) -> None:
    """The act counts, not its telling."""
    shop.add()
    shop.api.faults.deny("create", "events")
    traffic.set_weight(shop.claim(traffic=traffic), 10)
    assert (shop.weights()[0], shop.events()) == ([90, 10], [])


def test_a_server_that_refuses_events_costs_one_attempt(shop: ShopNamespace, traffic: Traffic) -> None:
    """What is best effort is not retried."""
    shop.add()
    claim = shop.claim()
    rule = shop.api.faults.answer(503, resource="events", times=None)
    traffic.set_weight(claim, 10)
    assert rule.hits == 1


def test_a_server_that_hangs_on_events_costs_two_seconds(shop: ShopNamespace, traffic: Traffic) -> None:
    """A long time-out would delay the judging."""
    shop.add()
    claim = shop.claim()
    shop.api.faults.hang(5.0, resource="events")
    began = time.monotonic()
    traffic.set_weight(claim, 10)
    assert time.monotonic() - began < 4.0
