"""The claim keeps the verdict of each rung, the newest of a weight, as long as that weight stands."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from steps.cluster.server_clock import ServerClock
from steps.errors import NotOwnerError
from steps.model.run import Claim, Phase
from steps.model.rungs import RungVerdict
from steps.traffic.traffic import Traffic
from tests.support.shop_namespace import MEMORY, SHOP, ShopNamespace

BEGAN = 1_800_000_000.0


def on(traffic: Traffic, claim: Claim, weight: int) -> Claim:
    """Set a weight."""
    return traffic.set_weight(claim, weight)[0]


def judged(traffic: Traffic, claim: Claim, verdict: str = "pass", at: float = 9.0) -> Claim:
    """Keep a verdict of the present weight."""
    since, weight = claim.state.weights[-1]
    return traffic.claims.keep_verdict(claim, RungVerdict(weight, verdict, at), since)


def kept(shop: ShopNamespace, name: str = "shop") -> list[tuple[int, str]]:
    """Return weights and verdicts as the annotation has them."""
    return [(entry[0], entry[1]) for entry in json.loads(shop.annotations(name)[MEMORY]).get("verdicts", [])]


def test_a_verdict_is_one_patch_of_annotations(shop: ShopNamespace, traffic: Traffic) -> None:
    """Of the first VirtualService alone; routes, phase and the other VirtualServices stay."""
    shop.add()
    shop.add("till")
    claim = on(traffic, shop.claim("r1", "shop", "till"), 20)
    seen, weights = len(shop.api.faults.writes()), shop.weights()
    after = judged(traffic, claim)
    (call,) = shop.api.faults.writes()[seen:]
    assert ("patch", "shop") == (call.verb, call.name)
    assert ([(20, "pass")], []) == (kept(shop), kept(shop, "till"))
    assert (claim.token, weights) == (after.token, shop.weights())
    assert (RungVerdict(20, "pass", 9.0),) == after.state.verdicts


def test_a_verdict_that_is_kept_again_takes_the_place_of_the_older_one(shop: ShopNamespace, traffic: Traffic) -> None:
    """After a kill the rung is judged again: one entry a weight, the newest last."""
    shop.add()
    claim = judged(traffic, on(traffic, shop.claim(), 20), "inconclusive")
    claim = judged(traffic, on(traffic, claim, 50))
    claim = judged(traffic, claim, "pass", at=10.0)
    assert [(20, "inconclusive"), (50, "pass")] == kept(shop)
    assert 10.0 == claim.state.verdicts[-1].at


def test_a_weight_that_is_set_anew_has_no_verdict(shop: ShopNamespace, traffic: Traffic) -> None:
    """What was seen at its first time is not about what users get now; those of other weights stay."""
    shop.add()
    claim = judged(traffic, on(traffic, shop.claim(), 20))
    claim = judged(traffic, on(traffic, claim, 50))
    on(traffic, on(traffic, claim, 0), 50)
    assert [(20, "pass")] == kept(shop)


def test_a_weight_that_is_set_already_keeps_its_verdict(shop: ShopNamespace, traffic: Traffic) -> None:
    """Nothing changed for the users."""
    shop.add()
    claim = judged(traffic, on(traffic, shop.claim(), 20))
    on(traffic, claim, 20)
    assert [(20, "pass")] == kept(shop)


@pytest.mark.parametrize("back", [50, 20])
def test_a_weight_that_somebody_changed_meanwhile_gets_no_verdict(
    shop: ShopNamespace, traffic: Traffic, back: int
) -> None:
    """The judge saw a mixture, also where the weight is the same again; a warning says so."""
    shop.add()
    claim = on(traffic, shop.claim(), 20)
    other = on(traffic, claim, 50)
    shop.later(5)
    on(traffic, other, back)
    with capture_logs() as logged:
        judged(traffic, claim)
    assert ([], ["verdict.not_kept"]) == (kept(shop), [line["event"] for line in logged])


def test_the_verdict_of_a_pause_is_kept_although_its_write_took_a_second(
    shop: ShopNamespace, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process knows when the weight became 0; the annotation has the moment at which that was decided."""
    # Only the server's clock moves here: the true one would add what a busy machine takes.
    monkeypatch.setattr(ServerClock, "now", lambda _: BEGAN + shop.api.store.clock_offset_seconds)
    shop.add()
    claim = on(traffic, shop.claim(), 20)
    shop.later(5)
    shop.api.faults.on_write(1, lambda _: shop.later(1), moment="before")
    paused, _ = traffic.set_weight(claim, 0, paused_weight=20)
    since, _ = paused.state.weights[-1]
    assert since > json.loads(shop.annotations()[MEMORY])["weights"][-1][0]
    traffic.claims.keep_verdict(paused, RungVerdict(20, "inconclusive", 9.0), since)
    assert [(20, "inconclusive")] == kept(shop)


def test_a_verdict_needs_the_claim(shop: ShopNamespace, traffic: Traffic) -> None:
    """A judge that lost the run writes nothing."""
    shop.add()
    claim = on(traffic, shop.claim(), 20)
    traffic.retreat(claim, "superseded")
    with pytest.raises(NotOwnerError):
        judged(traffic, claim)
    assert [] == kept(shop)


def test_a_retreat_keeps_the_verdict_in_its_own_patch(shop: ShopNamespace, traffic: Traffic) -> None:
    """Users first, and no write more than that."""
    shop.add()
    claim = on(traffic, shop.claim(), 20)
    seen = len(shop.api.faults.writes())
    after = traffic.retreat(claim, "it fails", RungVerdict(20, "fail", 9.0))
    patches = [call for call in shop.api.faults.writes()[seen:] if call.resource == "virtualservices"]
    assert (1, [(20, "fail")], Phase.ROLLING_BACK) == (len(patches), kept(shop), after.phase)
    assert ["fail"] == [entry.verdict for entry in traffic.claims.claims_on(SHOP)[0].state.verdicts]


def test_a_hundred_verdicts_are_small(shop: ShopNamespace, traffic: Traffic) -> None:
    """As many as there are weights; Kubernetes allows 256 kB of annotations."""
    shop.add()
    claim = shop.claim()
    for weight in range(1, 101):
        claim = judged(traffic, on(traffic, claim, weight))
    assert 100 == len(kept(shop))
    assert len(json.dumps(json.loads(shop.annotations()[MEMORY])["verdicts"])) < 5000
