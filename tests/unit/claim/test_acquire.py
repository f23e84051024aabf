"""The claim: one owner at a time, by compare-and-swap, with an expiry."""

import threading

import pytest

from steps.claim.acquire import ClaimRequest
from steps.claim.claims import Claims
from steps.claim.errors import ClaimCorrupt, ClaimExpired, ClaimHeld
from steps.errors import NotOwnerError, PermanentError, StepError
from steps.model.run import Claim, Phase, RouteTarget
from steps.traffic.traffic import Traffic
from tests.support.shop_namespace import (
    CANARY,
    LAST,
    MEMORY,
    SHOP,
    STABLE,
    TOKEN,
    ShopNamespace,
    plain_spec,
    record_of,
    take,
    two_arms,
)


def test_a_claim_is_taken_without_any_annotations_before(shop: ShopNamespace) -> None:
    """A fresh VirtualService has no annotations map; token, memory and label are there after."""
    shop.add(spec=plain_spec())
    claim = shop.claim()
    assert (claim.token, claim.state.by, claim.state.weight) == ("r1:1:prepared", "ann", 0)
    assert (sorted(shop.annotations()), shop.is_marked()) == ([TOKEN, MEMORY], True)


def test_other_annotations_and_labels_stay(shop: ShopNamespace, traffic: Traffic) -> None:
    """What others wrote is there during and after a run."""
    shop.add(spec=plain_spec(), annotations={"a/b.c": "1"}, labels={"team": "x"})
    claim = shop.claim()
    traffic.claims.release(claim, record_of(claim))
    assert sorted(shop.annotations()) == ["a/b.c", LAST]
    assert shop.get()["metadata"]["labels"] == {"team": "x"}


def test_of_two_runs_at_once_exactly_one_wins(shop: ShopNamespace) -> None:
    """Compare-and-swap decides; the error names the winner."""
    for turn in range(5):
        shop.add(f"shop{turn}", plain_spec())
        assert _race(shop, f"shop{turn}") == ["Claim", "ClaimHeld"]


def _race(shop: ShopNamespace, name: str) -> list[str]:
    ends: list[Claim | StepError] = []
    barrier = threading.Barrier(2)

    def compete(run: str) -> None:
        traffic = shop.traffic()
        barrier.wait()
        try:
            ends.append(shop.claim(run, name, traffic=traffic))
        except StepError as error:
            ends.append(error)

    runs = [threading.Thread(target=compete, args=(run,)) for run in ("r1", "r2")]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    return sorted(type(end).__name__ for end in ends)


def test_busy_says_who_and_how_long_and_what_to_do(shop: ShopNamespace) -> None:
    """Run, phase, starter, expiry and the flag are in the message; the claim is in the signal."""
    shop.add()
    shop.claim("r1")
    with pytest.raises(
        ClaimHeld, match=r"run r1 of shop owns it \(phase prepared, started by ann\).*--on-busy"
    ) as busy:
        shop.claim("r2")
    assert (busy.value.claim.run, busy.value.exit_code) == ("r1", 7)


def test_an_expired_claim_is_a_leftover(shop: ShopNamespace) -> None:
    """Expiry is judged by the server's clock, whatever the pod's says."""
    shop.add()
    shop.claim("r1")
    shop.later(601)
    with pytest.raises(ClaimExpired) as leftover:
        shop.claim("r2")
    assert leftover.value.claim.run == "r1"


def test_the_same_run_takes_again(shop: ShopNamespace) -> None:
    """A repeated prepare finds its claim, renewed."""
    shop.add()
    first = shop.claim()
    shop.later(300)
    again = shop.claim()
    assert (again.token, again.state.started) == (first.token, first.state.started)
    assert again.state.expires >= first.state.expires + 299


def test_a_run_that_walks_is_returned_as_it_is(shop: ShopNamespace, traffic: Traffic) -> None:
    """A second prepare of a run that went on changes nothing."""
    shop.add()
    walking, _ = traffic.set_weight(shop.claim(), 10)
    assert shop.claim() == walking


def test_epochs_count_on_over_runs(shop: ShopNamespace, traffic: Traffic) -> None:
    """The record remembers the epoch, so that no token ever comes back."""
    shop.add()
    claim = shop.claim()
    traffic.claims.release(claim, record_of(claim))
    assert shop.claim("r1").epoch == 2


def test_epochs_count_on_from_what_the_caller_saw(shop: ShopNamespace, traffic: Traffic) -> None:
    """A Deployment may carry a newer token than the record knows of."""
    shop.add()
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    assert take(traffic, ClaimRequest("shop", "r1", targets, STABLE, CANARY), 7).epoch == 8


def test_rivals_are_seen_without_writing(shop: ShopNamespace, traffic: Traffic) -> None:
    """A run looks before it inspects; its own claim does not compete."""
    shop.add()
    targets = shop.claim().state.targets
    seen = len(shop.api.faults.writes())
    traffic.claims.refuse_competing("shop", "r1", targets)
    with pytest.raises(ClaimHeld):
        traffic.claims.refuse_competing("shop", "r2", targets)
    with pytest.raises(ClaimHeld):
        traffic.claims.refuse_competing("cart", "r1", targets)
    shop.later(601)
    with pytest.raises(ClaimExpired):
        traffic.claims.refuse_competing("shop", "r2", targets)
    assert len(shop.api.faults.writes()) == seen


def test_a_canary_with_weight_is_not_a_start(shop: ShopNamespace) -> None:
    """A run begins with all weight on stable."""
    shop.add(spec=plain_spec(two_arms("main", canary=20)))
    with pytest.raises(PermanentError, match=r"weight 20 .* set spec.http\[0\].route\[1\].weight: 0"):
        shop.claim()
    assert shop.annotations() == {}


def test_a_taken_over_run_can_write_nothing(shop: ShopNamespace, traffic: Traffic) -> None:
    """The old writer gets 7 from every call; the new one has the old memory and the next epoch."""
    shop.add()
    old, _ = traffic.set_weight(shop.claim(), 10)
    shop.later(601)
    new = traffic.claims.take_over(old, "r2", "run r1 expired")
    assert (new.token, new.state.weight, new.state.reason) == ("r2:2:rolling-back", 10, "run r1 expired")
    for write in (
        lambda: traffic.set_weight(old, 20),
        lambda: traffic.retreat(old, "x"),
        lambda: traffic.claims.renew(old, check=traffic.own_weights),
        lambda: traffic.claims.move(old, Phase.PROMOTING),
        lambda: traffic.claims.update_state(old, by="x"),
        lambda: traffic.claims.release(old, record_of(old)),
        lambda: traffic.claims.held("shop", "r1", [SHOP]),
    ):
        with pytest.raises(NotOwnerError):
            write()
    assert shop.weights()[0] == [90, 10]


def test_a_living_claim_is_taken_over_only_on_purpose(shop: ShopNamespace, traffic: Traffic) -> None:
    """A renewal in the last moment wins, unless the run is to be superseded."""
    shop.add()
    claim = shop.claim()
    with pytest.raises(ClaimHeld):
        traffic.claims.take_over(claim, "r2", "x")
    assert traffic.claims.take_over(claim, "r2", "superseded", supersede=True).run == "r2"


def test_a_takeover_is_repeatable(shop: ShopNamespace, traffic: Traffic) -> None:
    """After a kill the same run finds it done; a third run does not."""
    shop.add()
    claim = shop.claim()
    first = traffic.claims.take_over(claim, "r2", "x", supersede=True)
    assert traffic.claims.take_over(claim, "r2", "x", supersede=True) == first
    with pytest.raises(NotOwnerError, match="run r2 holds the claim now"):
        traffic.claims.take_over(claim, "r3", "x", supersede=True)


def test_removing_the_token_by_hand_takes_over(shop: ShopNamespace, traffic: Traffic) -> None:
    """A human needs no tool of ours; the run ends with 7 and touches nothing more."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    shop.edit(lambda obj: obj["metadata"]["annotations"].pop(TOKEN))
    with pytest.raises(NotOwnerError, match="somebody removed the token"):
        traffic.set_weight(claim, 20)
    with pytest.raises(NotOwnerError, match="no run has a claim"):
        traffic.claims.held("shop", "r1", [SHOP])
    assert shop.weights()[0] == [90, 10]


@pytest.mark.parametrize("is_marked", [True, False])
def test_expired_claims_are_found_with_and_without_their_label(
    shop: ShopNamespace, traffic: Traffic, *, is_marked: bool
) -> None:
    """Sweep sees them in its namespace and in all; living ones and strange ones are left out."""
    shop.add()
    shop.add("broken", plain_spec(), annotations={TOKEN: "what"}, labels={"canary-steps.io/claimed": "true"})
    claim = shop.claim()
    assert traffic.claims.expired("shop") == []
    shop.later(601)
    if not is_marked:
        shop.edit(lambda obj: obj["metadata"].pop("labels"))
    assert [traffic.claims.expired(where) for where in ("shop", None, "other")] == [[claim], [claim], []]


def test_an_unreadable_claim_says_how_to_remove_it(shop: ShopNamespace) -> None:
    """Annotations that we did not write are not guessed about."""
    shop.add(spec=plain_spec(), annotations={TOKEN: "r1:1:walking", MEMORY: '{"version":9}'})
    with pytest.raises(ClaimCorrupt, match=r"version 9 is not known.*kubectl annotate virtualservice -n shop shop"):
        shop.claim()


def test_long_app_names_are_cut_and_hashed(shop: ShopNamespace, traffic: Traffic) -> None:
    """A key's name part has 63 characters; sweep still knows the whole name."""
    shop.add()
    app = "a" * 60
    targets = traffic.resolve([RouteTarget(SHOP, ())], STABLE, CANARY)
    claim = take(traffic, ClaimRequest(app, "r1", targets, STABLE, CANARY))
    shop.later(601)
    assert [one.app for one in traffic.claims.expired("shop")] == [app]
    assert claim == traffic.claims.held(app, "r1", [SHOP])


def test_a_rehearsal_writes_nothing_and_shows_everything(shop: ShopNamespace) -> None:
    """Under --dry-run the whole way can be walked."""
    rehearsal = shop.rehearsal()
    traffic = Traffic(rehearsal, Claims(rehearsal))
    before = shop.add()
    claim, _ = traffic.set_weight(shop.claim(traffic=traffic), 10)
    claim = traffic.retreat(claim, "x")
    traffic.claims.release(claim, record_of(claim))
    assert shop.get() == before
    assert rehearsal.planned_writes == ["patch VirtualService shop/shop"] * 4
