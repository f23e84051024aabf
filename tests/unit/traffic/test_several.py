"""A run over several VirtualServices, and a process that is killed between any two API calls."""

from collections.abc import Callable

import pytest

from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimHeld
from steps.errors import NotOwnerError
from steps.model.run import Claim, ObjectName, Phase, RouteTarget
from steps.traffic.traffic import Traffic
from tests.support.killed_process import Killed
from tests.support.shop_namespace import (
    CANARY,
    LAST,
    MEMORY,
    STABLE,
    TOKEN,
    ShopNamespace,
    plain_spec,
    record_of,
    take,
    two_arms,
)

NAMES = ("a", "b", "c")


@pytest.fixture
def three(shop: ShopNamespace) -> ShopNamespace:
    """Return the namespace with three VirtualServices."""
    for name in NAMES:
        shop.add(name, plain_spec(two_arms("main")))
    return shop


def _everywhere(shop: ShopNamespace) -> list[int | None]:
    return [shop.weights(name)[0][1] for name in NAMES]


def _until_done(act: Callable[[int], object]) -> list[int]:
    """Call `act` with 0, 1, 2… requests to live until it survives; return the numbers it died at."""
    deaths = []
    for requests in range(60):
        try:
            act(requests)
        except Killed:
            deaths.append(requests)
        else:
            return deaths
    raise AssertionError("it never ends")


def test_all_carry_the_token_and_the_first_the_memory_that_counts(three: ShopNamespace, traffic: Traffic) -> None:
    """From any of them the claim is found, as the holder has it."""
    claim, _ = traffic.set_weight(three.claim("r1", *NAMES), 10)
    renewed = traffic.claims.update_state(claim, by="bob")
    assert [three.annotations(name)[TOKEN] for name in NAMES] == ["r1:1:walking"] * 3
    for target in claim.state.targets:
        assert traffic.claims.claims_on(target.virtual_service) == [renewed]
        assert traffic.claims.held("shop", "r1", [target.virtual_service]) == renewed
    assert _everywhere(three) == [10, 10, 10]


def test_taking_survives_a_kill_anywhere(three: ShopNamespace) -> None:
    """The same run takes the claim completely, other runs find it busy from the first stamp on."""
    targets = three.traffic().resolve([RouteTarget(_name(name), ()) for name in NAMES], STABLE, CANARY)
    deaths = _until_done(lambda lives: take(three.doomed(lives), ClaimRequest("shop", "r1", targets, STABLE, CANARY)))
    assert len(deaths) > 8
    assert [three.annotations(name)[TOKEN] for name in NAMES] == ["r1:1:prepared"] * 3
    with pytest.raises(ClaimHeld):
        three.claim("r2", "c")


def test_a_half_taken_claim_is_swept(three: ShopNamespace, traffic: Traffic) -> None:
    """Killed after the first stamp: sweep takes over and releases what there is."""
    targets = traffic.resolve([RouteTarget(_name(name), ()) for name in NAMES], STABLE, CANARY)
    lives = 0
    while TOKEN not in three.annotations("a"):
        lives += 1
        with pytest.raises(Killed):
            take(three.doomed(lives), ClaimRequest("shop", "r1", targets, STABLE, CANARY))
    assert TOKEN not in three.annotations("c")
    three.later(601)
    _sweep(traffic)
    assert _is_over(three)


def test_setting_a_weight_survives_a_kill_anywhere(three: ShopNamespace, traffic: Traffic) -> None:
    """The next attempt goes on; a VirtualService that lags behind does not count as a foreign write."""
    three.claim("r1", *NAMES)
    for weight in (5, 20, 0, 50):

        def attempt(lives: int, weight: int = weight) -> None:
            three.doomed(lives).set_weight(traffic.claims.held("shop", "r1", [_name("a")]), weight)

        assert len(_until_done(attempt)) >= 3
        assert _everywhere(three) == [weight] * 3


def test_the_next_weight_may_come_after_a_kill(three: ShopNamespace, traffic: Traffic) -> None:
    """Also where two kills in a row left three VirtualServices at three weights."""
    three.claim("r1", *NAMES)
    traffic.set_weight(traffic.claims.held("shop", "r1", [_name("a")]), 5)
    for weight, at in ((10, [10, 10, 5]), (20, [20, 10, 5])):
        writes = 2 if weight == 10 else 1
        three.api.faults.clear()
        doomed = three.doomed(writes * 2)
        with pytest.raises(Killed):
            doomed.set_weight(traffic.claims.held("shop", "r1", [_name("a")]), weight)
        assert _everywhere(three) == at
    traffic.set_weight(traffic.claims.held("shop", "r1", [_name("a")]), 30)
    assert _everywhere(three) == [30, 30, 30]


def test_the_way_back_survives_a_kill_anywhere(three: ShopNamespace, traffic: Traffic) -> None:
    """After a death at any request the next rollback ends at weight 0 with nothing left but the record."""

    def roll_back(lives: int) -> None:
        doomed = three.doomed(lives)
        claim = doomed.retreat(doomed.claims.held("shop", "r1", [_name("a")]), "x")
        doomed.claims.release(claim, record_of(claim))

    for death in range(1, 40):
        claim = traffic.set_weight(three.claim("r1", *NAMES), 50)[0]
        try:
            roll_back(death)
        except Killed:
            try:
                roll_back(1000)
            except NotOwnerError:
                record = traffic.claims.last(_name("a"), "shop")
                assert record is not None
                assert (record.run, record.epoch) == ("r1", claim.epoch)
        else:
            break
        assert _everywhere(three) == [0, 0, 0]
        assert _is_over(three)
    assert death > 10


def test_sweeping_survives_a_kill_anywhere(three: ShopNamespace, traffic: Traffic) -> None:
    """A sweep that dies is swept itself: after its claim expired, or at once by the same run."""
    for death in range(1, 60):
        traffic.set_weight(three.claim("r1", *NAMES), 50)
        three.later(601)
        try:
            _sweep(three.doomed(death))
        except Killed:
            three.later(601)
            _sweep(traffic, "s2")
        else:
            break
        assert _everywhere(three) == [0, 0, 0]
        assert _is_over(three)
    assert death > 12


def test_a_takeover_killed_halfway_is_finished_by_its_rollback(three: ShopNamespace, traffic: Traffic) -> None:
    """The old stamps behind a new holder count as the new owner's, even where a second taker came."""
    victim, _ = traffic.set_weight(three.claim("r1", *NAMES), 50)
    for run in ("r2", "r3"):
        with pytest.raises(Killed):
            three.doomed(3).claims.take_over(
                traffic.claims.held("shop", victim.run, [_name("a")]), run, "x", supersede=True
            )
        victim = traffic.claims.held("shop", run, [_name("c")])
    assert [three.annotations(name)[TOKEN] for name in NAMES] == ["r3:3:rolling-back", "r1:1:walking", "r1:1:walking"]
    claim = traffic.retreat(victim, "x")
    traffic.claims.release(claim, record_of(claim))
    assert _everywhere(three) == [0, 0, 0]
    assert _is_over(three)


def test_a_retreat_skips_what_is_no_longer_its_own(three: ShopNamespace, traffic: Traffic) -> None:
    """A human took one VirtualService over: it stays as it is, the others go back."""
    claim, _ = traffic.set_weight(three.claim("r1", *NAMES), 50)
    three.edit(lambda obj: obj["metadata"]["annotations"].pop(TOKEN), "b")
    assert traffic.retreat(claim, "x").phase is Phase.ROLLING_BACK
    assert _everywhere(three) == [0, 50, 0]


def test_a_retreat_brings_back_the_others_before_it_complains(three: ShopNamespace, traffic: Traffic) -> None:
    """A VirtualService that is gone does not keep users of the others on the canary."""
    claim, _ = traffic.set_weight(three.claim("r1", *NAMES), 50)
    three.remove("a")
    with pytest.raises(Exception, match='"a" not found'):
        traffic.retreat(claim, "x")
    assert [three.weights(name)[0][1] for name in ("b", "c")] == [0, 0]


def test_orphans_of_a_deleted_holder_are_swept(three: ShopNamespace, traffic: Traffic) -> None:
    """The copies of the memory stand in for it."""
    traffic.set_weight(three.claim("r1", *NAMES), 50)
    three.remove("a")
    three.later(601)
    assert [claim.state.targets[0].virtual_service.name for claim in traffic.claims.expired("shop")] == ["b", "c"]
    _sweep(traffic)
    assert [three.weights(name)[0][1] for name in ("b", "c")] == [0, 0]
    assert not set(three.annotations("b")) & {TOKEN, MEMORY}


def test_a_refusal_halfway_gives_back_what_was_taken(three: ShopNamespace, traffic: Traffic) -> None:
    """Run r2 owns `c` alone; r1, which wants all three, leaves no stamp behind."""
    targets = traffic.resolve([RouteTarget(_name(name), ()) for name in NAMES], STABLE, CANARY)
    three.api.faults.on_write(1, lambda _: three.claim("r2", "c"))
    with pytest.raises(ClaimHeld, match="run r2"):
        take(traffic, ClaimRequest("shop", "r1", targets, STABLE, CANARY))
    assert [three.annotations(name).get(TOKEN) for name in NAMES] == [None, None, "r2:1:prepared"]


def _sweep(traffic: Traffic, run: str = "s1") -> None:
    for victim in traffic.claims.expired("shop"):
        claim: Claim = traffic.claims.take_over(victim, run, f"run {victim.run} expired")
        claim = traffic.retreat(claim, claim.state.reason)
        traffic.claims.release(claim, record_of(claim))


def _name(name: str) -> ObjectName:
    return ObjectName("shop", name)


def _is_over(shop: ShopNamespace) -> bool:
    """Return whether only records are left: one on the first, and perhaps on those that no token stood on."""
    first, *others = [sorted(shop.annotations(name)) for name in NAMES]
    return first == [LAST] and all(one in ([], [LAST]) for one in others)
