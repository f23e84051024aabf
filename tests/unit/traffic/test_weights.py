"""Setting weights: what is written, and nothing else."""

import json

import pytest
from structlog.testing import capture_logs

from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimExpired, ClaimHeld
from steps.errors import Forbidden, ForeignWrite, NotOwnerError, TemporaryError
from steps.model.run import Destination, ObjectName, Phase, RouteTarget
from steps.traffic.traffic import Traffic
from tests.support.kubernetes_api import Call
from tests.support.shop_namespace import (
    CANARY,
    SHOP,
    STABLE,
    TOKEN,
    Json,
    ShopNamespace,
    plain_spec,
    take,
    two_arms,
    without_weights,
)


def test_only_weights_of_the_routes_with_both_arms_change(shop: ShopNamespace, traffic: Traffic) -> None:
    """Matches, retries, faults, mirrors, unknown fields, other routes and protocols stay byte-equal."""
    before = shop.add()
    claim, previous = traffic.set_weight(shop.claim(), 10)
    after = shop.get()
    assert (previous, claim.state.weight, claim.phase) == (0, 10, Phase.WALKING)
    assert shop.weights() == [[90, 10], [None], [90, 10]]
    assert json.dumps(without_weights(after)) == json.dumps(without_weights(before))
    assert after["metadata"]["annotations"][TOKEN] == "r1:1:walking"


def test_all_routes_of_a_virtual_service_change_in_one_patch(shop: ShopNamespace, traffic: Traffic) -> None:
    """Users never see half a rung."""
    shop.add()
    claim = shop.claim()
    seen = len(shop.api.faults.writes())
    traffic.set_weight(claim, 25)
    writes = [call for call in shop.api.faults.writes()[seen:] if call.resource == "virtualservices"]
    paths = [entry["path"] for entry in json.loads(writes[0].body) if entry["op"] != "test"]
    assert len(writes) == 1
    assert [path for path in paths if path.startswith("/spec")] == [
        "/spec/http/0/route/0/weight",
        "/spec/http/0/route/1/weight",
        "/spec/http/2/route/0/weight",
        "/spec/http/2/route/1/weight",
    ]
    assert {path.rsplit("~1", 1)[-1] for path in paths if path.startswith("/metadata")} == {"claim.shop", "run.shop"}


def test_a_pause_is_one_patch_and_ends_with_the_next_weight(shop: ShopNamespace, traffic: Traffic) -> None:
    """Weight 0, the weight to return to and why stand there together, or not at all; the phase stays."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 25)
    seen = len(shop.api.faults.writes())
    why = ((1.5, 0.0, "pod a was evicted"),)
    paused, _ = traffic.set_weight(claim, 0, paused_weight=25, disruptions=why)
    writes = [call for call in shop.api.faults.writes()[seen:] if call.resource == "virtualservices"]
    assert (1, Phase.WALKING) == (len(writes), paused.phase)
    assert (0, 25, why) == (paused.state.weight, paused.state.paused_weight, paused.state.disruptions)
    for weight in (0, 25):
        after, _ = traffic.set_weight(paused, weight)
        assert (weight, 0, why) == (after.state.weight, after.state.paused_weight, after.state.disruptions)


def test_a_weight_that_is_set_already_writes_nothing(shop: ShopNamespace, traffic: Traffic) -> None:
    """A repeated step is free."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    seen = len(shop.api.faults.writes())
    assert traffic.set_weight(claim, 10) == (claim, 10)
    assert shop.api.faults.writes()[seen:] == []


def test_annotations_alone_leave_the_generation(shop: ShopNamespace, traffic: Traffic) -> None:
    """Claiming and renewing cause no push to the proxies."""
    before = shop.add()["metadata"]["generation"]
    claim = shop.claim()
    shop.later(90)
    traffic.claims.renew(claim, check=traffic.own_weights)
    assert shop.get()["metadata"]["generation"] == before


def test_a_route_inserted_before_ours_never_blocks(shop: ShopNamespace, traffic: Traffic) -> None:
    """Routes are found anew by name, unnamed ones by their arms."""
    shop.add(spec=plain_spec(two_arms("main"), two_arms()))
    claim, _ = traffic.set_weight(shop.claim(), 10)
    extra = {"name": "new", "route": [{"destination": {"host": "shop"}}]}
    shop.edit(lambda obj: obj["spec"]["http"].insert(0, extra))
    traffic.set_weight(claim, 20)
    assert shop.weights() == [[None], [80, 20], [80, 20]]


def test_a_route_inserted_between_reading_and_writing_is_never_hit(shop: ShopNamespace, traffic: Traffic) -> None:
    """The tests of name and route list hold the patch back; it is planned anew."""
    shop.add(spec=plain_spec(two_arms("main")))
    claim = shop.claim()
    extra = {"name": "new", "route": [{"destination": {"host": "x"}}, {"destination": {"host": "y"}}]}
    shop.api.faults.on_write(1, lambda _: shop.edit(lambda obj: obj["spec"]["http"].insert(0, extra)), moment="before")
    traffic.set_weight(claim, 20)
    assert shop.weights() == [[None, None], [80, 20]]


def test_a_lost_answer_never_loses_a_weight(shop: ShopNamespace, traffic: Traffic) -> None:
    """The write that came through is recognized, although its token is new."""
    shop.add()
    claim = shop.claim()
    shop.api.faults.lose_answer(verb="patch")
    after, previous = traffic.set_weight(claim, 5)
    assert (after.state.weight, after.phase, previous) == (5, Phase.WALKING, 0)


def test_conflicts_are_tried_again(shop: ShopNamespace, traffic: Traffic) -> None:
    """A few 409 are daily life."""
    shop.add()
    claim = shop.claim()
    shop.api.faults.answer(409, verb="patch", times=3)
    traffic.set_weight(claim, 5)
    assert shop.weights()[0] == [95, 5]


def test_a_storm_of_conflicts_ends_as_temporary(shop: ShopNamespace) -> None:
    """The step gives up after its deadline and leaves traffic as it is."""
    shop.add()
    claim = shop.claim()
    shop.api.faults.answer(409, verb="patch", times=None)
    with pytest.raises(TemporaryError, match="kept changing for 0 s"):
        shop.traffic(retry_seconds=0.3).set_weight(claim, 5)
    assert shop.weights()[0] == [100, None]


def test_server_errors_for_a_while_are_survived(shop: ShopNamespace, traffic: Traffic) -> None:
    """An API server that restarts must not fail a step."""
    shop.add()
    claim = shop.claim()
    shop.api.faults.answer(503, times=None, seconds=0.5)
    traffic.set_weight(claim, 5)
    assert shop.weights()[0] == [95, 5]


def test_a_forbidden_verb_is_named(shop: ShopNamespace, traffic: Traffic) -> None:
    """The message says what to grant."""
    shop.add()
    claim = shop.claim()
    shop.api.faults.deny("patch", "virtualservices")
    with pytest.raises(Forbidden, match='cannot patch resource "virtualservices"'):
        traffic.set_weight(claim, 5)


@pytest.mark.parametrize("weight", [-1, 101])
def test_a_weight_is_a_percentage(shop: ShopNamespace, traffic: Traffic, weight: int) -> None:
    """A defect of a caller does not reach the cluster."""
    shop.add()
    claim = shop.claim()
    with pytest.raises(ValueError, match="not in 0-100"):
        traffic.set_weight(claim, weight)


def test_a_weight_without_a_claim(shop: ShopNamespace, traffic: Traffic) -> None:
    """Single steps serve other pipelines; nothing of ours stays."""
    shop.add(spec=plain_spec())
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    assert traffic.set_weight_unclaimed(targets, STABLE, CANARY, 30) == 0
    assert traffic.set_weight_unclaimed(targets, STABLE, CANARY, 100) == 30
    assert (shop.weights(), shop.annotations()) == ([[0, 100]], {})
    assert traffic.weights(targets, STABLE, CANARY) == {(SHOP, "#0"): 100}


def test_a_weight_without_a_claim_is_ours_until_it_is_0_or_100(shop: ShopNamespace, traffic: Traffic) -> None:
    """Then the other pipeline is done, and the next server-side apply of the team meets no conflict with us."""
    shop.add(spec=plain_spec())
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    for weight, is_ours in ((30, True), (100, False), (50, True), (0, False)):
        traffic.set_weight_unclaimed(targets, STABLE, CANARY, weight)
        managers = {entry["manager"] for entry in shop.get()["metadata"]["managedFields"]}
        assert is_ours is ("canary-steps" in managers), weight


def test_a_server_that_refuses_to_change_owners_keeps_no_weight_from_being_set(
    shop: ShopNamespace, traffic: Traffic
) -> None:
    """A warning says so."""
    shop.add(spec=plain_spec())
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    shop.api.faults.answer(403, when=lambda call: b"managedFields" in call.body, message="denied by a webhook")
    with capture_logs() as logged:
        assert 0 == traffic.set_weight_unclaimed(targets, STABLE, CANARY, 100)
    assert ["weight.not_disowned"] == [line["event"] for line in logged]
    assert [[0, 100]] == shop.weights()


def test_a_weight_without_a_claim_respects_claims(shop: ShopNamespace, traffic: Traffic) -> None:
    """A living claim is not touched, nor is one that waits for sweep."""
    shop.add(spec=plain_spec())
    targets = shop.claim().state.targets
    with pytest.raises(ClaimHeld, match="run r1 of shop owns it"):
        traffic.set_weight_unclaimed(targets, STABLE, CANARY, 30)
    shop.later(601)
    with pytest.raises(ClaimExpired, match="expired"):
        traffic.set_weight_unclaimed(targets, STABLE, CANARY, 30)
    assert shop.weights() == [[100, 0]]


def test_a_claim_that_comes_between_is_respected(shop: ShopNamespace, traffic: Traffic) -> None:
    """The absence of a claim is part of what is tested."""
    shop.add(spec=plain_spec())
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)

    def only_ours(call: Call) -> bool:
        return b"/weight" in call.body

    shop.api.faults.on_write(1, lambda _: shop.claim(), moment="before", only=only_ours)
    with pytest.raises(NotOwnerError):
        traffic.set_weight_unclaimed(targets, STABLE, CANARY, 30)
    assert shop.weights() == [[100, 0]]


def test_two_apps_share_a_virtual_service(shop: ShopNamespace, traffic: Traffic) -> None:
    """Claims are per app; their routes must differ; the label stays until the last one left."""
    cart = (Destination("cart"), Destination("cart-canary"))
    shop.add(spec=plain_spec(two_arms("main"), two_arms("cart", hosts=("cart", "cart-canary"))))
    claim = shop.claim()
    targets = traffic.resolve([RouteTarget(SHOP, ())], *cart)
    other = take(traffic, ClaimRequest("cart", "c1", targets, *cart))
    traffic.set_weight(other, 50)
    traffic.set_weight(claim, 10)
    assert shop.weights() == [[90, 10], [50, 50]]
    assert [one.app for one in traffic.claims.claims_on(ObjectName("shop", "shop"))] == ["cart", "shop"]


@pytest.mark.parametrize("weight", [{}, {"weight": 0}])
def test_a_third_destination_without_weight_is_kept_as_it_is(
    shop: ShopNamespace, traffic: Traffic, weight: dict[str, int]
) -> None:
    """A v3 that waits for its turn: it gets no request, before, during and after a run."""
    third = {"destination": {"host": "shop-next"}, **weight}
    shop.add(spec=plain_spec({"route": [*two_arms()["route"], third]}))
    claim, _ = traffic.set_weight(shop.claim(traffic=traffic), 20)
    assert [third] == [entry for entry in shop.get()["spec"]["http"][0]["route"] if "next" in str(entry)]
    assert [80, 20] == shop.weights()[0][:2]
    traffic.retreat(claim, "why")
    assert [100, 0] == shop.weights()[0][:2]
    assert third == shop.get()["spec"]["http"][0]["route"][2]


def test_weight_that_a_person_gives_a_third_destination_is_a_foreign_write(
    shop: ShopNamespace, traffic: Traffic
) -> None:
    """Sums would no longer hold."""
    shop.add(spec=plain_spec({"route": [*two_arms()["route"], {"destination": {"host": "shop-next"}, "weight": 0}]}))
    claim = shop.claim(traffic=traffic)

    def change(obj: Json) -> None:
        route = obj["spec"]["http"][0]["route"]
        route[0]["weight"], route[2]["weight"] = 90, 10

    shop.edit(change)
    with pytest.raises(ForeignWrite):
        traffic.set_weight(claim, 20)
