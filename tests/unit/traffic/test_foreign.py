"""Foreign edits: forward steps stop and name the writer; the way back overwrites them."""

import json
from collections.abc import Callable

import pytest

from steps.claim.errors import ClaimCorrupt
from steps.errors import ForeignWrite, NotOwnerError
from steps.model.run import Phase
from steps.traffic.traffic import Traffic
from tests.support.shop_namespace import (
    MEMORY,
    SHOP,
    TOKEN,
    Json,
    ShopNamespace,
    plain_spec,
    record_of,
    rich_spec,
    two_arms,
    without_weights,
)


def _set(weight: int) -> Callable[[Json], None]:
    def change(obj: Json) -> None:
        route = obj["spec"]["http"][0]["route"]
        route[0]["weight"], route[1]["weight"] = 100 - weight, weight

    return change


def test_a_forward_step_stops_at_a_foreign_weight(shop: ShopNamespace, traffic: Traffic) -> None:
    """It says what it found, what it had set, who wrote it and when."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(_set(50), manager="argocd-controller")
    said = (
        r"route main has stable 50, canary 50 where this run set 90 and 10.*argocd-controller at \d{4}-.*Z \(Argo CD\)"
    )
    with pytest.raises(ForeignWrite, match=said):
        traffic.set_weight(claim, 20)
    with pytest.raises(ForeignWrite, match=said):
        traffic.claims.renew(claim, check=traffic.own_weights)
    assert shop.weights()[0] == [50, 50]


def test_a_foreign_edit_between_reading_and_writing_is_not_overwritten(shop: ShopNamespace, traffic: Traffic) -> None:
    """The test of the route list holds the patch back."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.api.faults.on_write(1, lambda _: shop.edit(_set(0)), moment="before")
    with pytest.raises(ForeignWrite):
        traffic.set_weight(claim, 20)
    assert shop.weights()[0] == [100, 0]


def test_a_retreat_overwrites_foreign_weights(shop: ShopNamespace, traffic: Traffic) -> None:
    """Users come first: weight 0 and the phase in the same patch."""
    before = shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(_set(50))
    seen = len(shop.api.faults.writes())
    after = traffic.retreat(claim, "too many 5xx")
    writes = [call for call in shop.api.faults.writes()[seen:] if call.resource == "virtualservices"]
    assert (len(writes), after.phase, after.state.reason) == (1, Phase.ROLLING_BACK, "too many 5xx")
    assert shop.weights() == [[100, 0], [None], [100, 0]]
    assert json.dumps(without_weights(shop.get())) == json.dumps(without_weights(before))


def test_a_retreat_is_repeatable_and_keeps_its_first_reason(shop: ShopNamespace, traffic: Traffic) -> None:
    """A second retreat changes nothing."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    first = traffic.retreat(claim, "one")
    assert traffic.retreat(first, "two") == first
    assert traffic.retreat(first, "three") == first


def test_a_retreat_wins_against_a_phase_it_did_not_see(shop: ShopNamespace, traffic: Traffic) -> None:
    """It may begin from any phase of its own claim."""
    shop.add()
    claim = shop.claim()
    walking, _ = traffic.set_weight(claim, 10)
    traffic.claims.move(walking, Phase.PROMOTING)
    assert traffic.retreat(claim, "x").phase is Phase.ROLLING_BACK


def test_a_slow_writer_cannot_raise_the_weight_after_the_retreat(shop: ShopNamespace, traffic: Traffic) -> None:
    """Its patch tests the phase it believes in."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    other = shop.traffic()
    shop.api.faults.on_write(1, lambda _: other.retreat(claim, "5xx"), moment="before")
    with pytest.raises(NotOwnerError, match="rollback of run r1 began"):
        traffic.set_weight(claim, 50)
    assert shop.weights()[0] == [100, 0]


def test_a_retreat_finds_a_renamed_route(shop: ShopNamespace, traffic: Traffic) -> None:
    """A foreign rename does not keep users on the canary; forward steps stop at it."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(lambda obj: obj["spec"]["http"][0].update(name="renamed"))
    with pytest.raises(ForeignWrite, match=r"route main .* was found once before, and is found 0 times now"):
        traffic.set_weight(claim, 20)
    traffic.retreat(claim, "x")
    assert shop.weights() == [[100, 0], [None], [100, 0]]


def test_a_retreat_leaves_a_foreign_third_destination_its_weight(shop: ShopNamespace, traffic: Traffic) -> None:
    """The canary gets nothing, stable the remainder."""
    shop.add(spec=plain_spec(two_arms("main")))
    claim, _ = traffic.set_weight(shop.claim(), 10)

    def add_third(obj: Json) -> None:
        obj["spec"]["http"][0]["route"][0]["weight"] = 60
        obj["spec"]["http"][0]["route"].append({"destination": {"host": "third"}, "weight": 30})

    shop.edit(add_third)
    traffic.retreat(claim, "x")
    assert shop.weights() == [[70, 0, 30]]


def test_a_route_without_stable_is_reported_after_the_retreat(shop: ShopNamespace, traffic: Traffic) -> None:
    """No weight can fix it; the other routes are back and the rollback has begun."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(lambda obj: obj["spec"]["http"][0]["route"].pop(0))
    with pytest.raises(ForeignWrite, match="route main leads only to the canary"):
        traffic.retreat(claim, "x")
    assert shop.weights() == [[10], [None], [100, 0]]
    assert shop.annotations()[TOKEN] == "r1:1:rolling-back"


def test_a_damaged_memory_does_not_keep_users_on_the_canary(shop: ShopNamespace, traffic: Traffic) -> None:
    """A process that knows the run retreats, and heals the memory with the same patch."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({MEMORY: "oops"}))
    with pytest.raises(ClaimCorrupt):
        traffic.claims.held("shop", "r1", [SHOP])
    after = traffic.retreat(claim, "5xx")
    held = traffic.claims.held("shop", "r1", [SHOP])
    assert ([100, 0], after.token, after.phase) == (shop.weights()[0], held.token, held.phase)
    assert [10, 0] == [weight for _, weight in held.state.weights]


def test_an_edit_of_something_else_never_blocks(shop: ShopNamespace, traffic: Traffic) -> None:
    """Others may change time-outs and matches during a run."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(lambda obj: obj["spec"]["http"][0].update(timeout="9s"))
    traffic.set_weight(claim, 20)
    assert (shop.weights()[0], shop.get()["spec"]["http"][0]["timeout"]) == ([80, 20], "9s")


def test_nothing_of_ours_is_left_to_conflict_with(shop: ShopNamespace, traffic: Traffic) -> None:
    """The last patch removes our entry of managedFields: a GitOps tool may change the routes again."""
    shop.add(spec=rich_spec())
    claim, _ = traffic.set_weight(shop.claim(), 10)
    claim = traffic.retreat(claim, "x")
    managers = [entry["manager"] for entry in shop.get()["metadata"]["managedFields"]]
    traffic.claims.release(claim, record_of(claim))
    last = [call for call in shop.api.faults.writes() if call.resource == "virtualservices"][-1]
    removed = [entry["path"] for entry in json.loads(last.body) if entry["op"] == "remove"]
    assert f"/metadata/managedFields/{managers.index('canary-steps')}" in removed
