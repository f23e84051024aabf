"""A claim that is held: its renewals, its memory, and what is left of it at the end."""

from dataclasses import replace

import pytest

from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimCorrupt
from steps.errors import NotOwnerError
from steps.model.run import Phase, RouteTarget
from steps.settings.release import ClaimSettings
from steps.traffic.traffic import Traffic
from tests.support.shop_namespace import (
    APPROVE,
    CANARY,
    LAST,
    SHOP,
    STABLE,
    TOKEN,
    ShopNamespace,
    plain_spec,
    record_of,
    take,
)


def test_a_renewal_is_written_once_a_minute(shop: ShopNamespace, traffic: Traffic) -> None:
    """Polling costs a read, not a write."""
    shop.add()
    claim = shop.claim()
    seen = len(shop.api.faults.writes())
    assert traffic.claims.renew(claim, check=traffic.own_weights) == claim
    assert len(shop.api.faults.writes()) == seen
    shop.later(61)
    assert traffic.claims.renew(claim, check=traffic.own_weights).state.expires >= claim.state.expires + 60
    assert len(shop.api.faults.writes()) == seen + 1


def test_a_short_claim_is_renewed_in_time(shop: ShopNamespace, traffic: Traffic) -> None:
    """With an expiry of 30 s, as older images allowed, once a minute would leave a living run to the sweep."""
    shop.add()
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    claim = take(traffic, ClaimRequest("shop", "r1", targets, STABLE, CANARY, expiry_seconds=30))
    for _ in range(6):
        shop.later(11)
        claim = traffic.claims.renew(claim, check=traffic.own_weights)
        assert traffic.claims.expired("shop") == []


def test_only_a_way_back_goes_on_without_a_virtual_service_that_people_took_the_claim_off(
    shop: ShopNamespace, traffic: Traffic
) -> None:
    """Its waits renew the claim; if that failed, each sweep would take the claim over again, and never end it."""
    shop.add()
    shop.add("shop-inner")
    claim = shop.claim("r1", "shop", "shop-inner")
    shop.edit(lambda obj: obj["metadata"]["annotations"].pop(TOKEN), "shop-inner")
    with pytest.raises(NotOwnerError):
        traffic.claims.update_state(claim)

    back = traffic.retreat(claim, "5xx")
    shop.later(61)
    assert traffic.claims.update_state(back).state.expires > back.state.expires
    assert TOKEN not in shop.annotations("shop-inner")


def test_the_shortest_claim_outlives_a_fault_and_the_start_of_the_next_pod(
    shop: ShopNamespace, traffic: Traffic
) -> None:
    """A step may end just before a renewal is due; then come 30 s of faults and 50 s until the pod runs."""
    shop.add()
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    minimum = next(entry.ge for entry in ClaimSettings.model_fields["expiry_seconds"].metadata if hasattr(entry, "ge"))
    claim = take(traffic, ClaimRequest("shop", "r1", targets, STABLE, CANARY, expiry_seconds=minimum))
    shop.later(37)
    assert claim == traffic.claims.renew(claim, check=traffic.own_weights), "not due yet"
    shop.later(30 + 50)
    assert [] == traffic.claims.expired("shop")
    assert traffic.claims.renew(claim, check=traffic.own_weights).state.expires > claim.state.expires


def test_memory_changes_meet_the_memory_as_it_is(shop: ShopNamespace, traffic: Traffic) -> None:
    """Two steps of a run do not undo what the other noted."""
    shop.add()
    old = shop.claim()
    traffic.claims.update_state(old, by="bob")
    after, _ = traffic.set_weight(old, 10)
    assert (after.state.by, traffic.claims.held("shop", "r1", [SHOP])) == ("bob", after)


def test_phases_never_go_back(shop: ShopNamespace, traffic: Traffic) -> None:
    """Neither by a defect, nor by a slow writer of the same run."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    with pytest.raises(ValueError, match="never goes back"):
        traffic.claims.move(claim, Phase.PREPARED)
    promoting = traffic.claims.move(claim, Phase.PROMOTING)
    with pytest.raises(NotOwnerError, match="moved on to phase promoting"):
        traffic.set_weight(claim, 20)
    back = traffic.retreat(promoting, "5xx")
    with pytest.raises(NotOwnerError, match=r"rollback of run r1 began \(5xx\)"):
        traffic.set_weight(promoting, 20)
    with pytest.raises(NotOwnerError, match="can only be lowered"):
        traffic.set_weight(back, 20)
    assert traffic.set_weight(back, 0)[0].phase is Phase.ROLLING_BACK


def test_an_approval_names_the_run(shop: ShopNamespace, traffic: Traffic) -> None:
    """A stale approval of another run does not count."""
    shop.add()
    claim = shop.claim()
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({APPROVE: "r0"}))
    assert not traffic.claims.approved(claim)
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({APPROVE: "r1"}))
    assert traffic.claims.approved(claim)


def test_only_the_record_stays(shop: ShopNamespace, traffic: Traffic) -> None:
    """Token, memory, approval and label are gone; releasing again is fine."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({APPROVE: "r1"}))
    claim = traffic.retreat(claim, "5xx")
    traffic.claims.release(claim, record_of(claim))
    traffic.claims.release(claim, record_of(claim))
    assert (sorted(shop.annotations()), shop.is_marked()) == ([LAST], False)
    assert traffic.claims.last(SHOP, "shop") == record_of(claim)


@pytest.mark.parametrize("text", ["nonsense", "r1", "r1:x:prepared", "r1:1:somewhere"])
def test_an_unreadable_token_ends_every_write_of_its_run(shop: ShopNamespace, traffic: Traffic, text: str) -> None:
    """Nobody knows whose it is: the message says how to remove it, and nothing is written."""
    shop.add(spec=plain_spec())
    claim = shop.claim()
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({TOKEN: text}))
    before = shop.get()
    for write in (
        lambda: traffic.set_weight(claim, 5),
        lambda: traffic.claims.update_state(claim, by="x"),
        lambda: traffic.claims.move(claim, Phase.PROMOTING),
        lambda: traffic.claims.renew(claim, check=traffic.own_weights),
        lambda: traffic.claims.take_over(claim, "r2", "why", supersede=True),
        lambda: traffic.claims.release(claim, record_of(claim)),
        lambda: shop.claim("r2"),
    ):
        with pytest.raises(ClaimCorrupt, match=r"kubectl annotate virtualservice -n shop shop canary-steps.io/claim\."):
            write()
    assert before == shop.get()


@pytest.mark.parametrize("phase", [Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK])
def test_a_phase_never_goes_back_on_a_virtual_service(shop: ShopNamespace, traffic: Traffic, phase: Phase) -> None:
    """A slow writer that saw an earlier phase is refused."""
    shop.add(spec=plain_spec())
    claim = shop.claim()
    traffic.claims.move(claim, phase)
    with pytest.raises(NotOwnerError, match=r"this step saw prepared|the weight can only be lowered"):
        traffic.claims.renew(claim, check=traffic.own_weights)
    with pytest.raises(ValueError, match="a run never goes back"):
        traffic.claims.move(replace(claim, phase=phase), Phase.PREPARED)
