"""How long a claim lives: never longer than its expiry past the API server's time, whatever its annotation says."""

import json
from dataclasses import replace

import pytest

from steps.claim.errors import ClaimExpired, ClaimHeld
from steps.claim.expiry import is_expired, is_renewal_due, with_new_expiry
from steps.claim.listing import list_apps
from steps.model.run import Destination, ObjectName, RouteTarget, RunState
from steps.traffic.traffic import Traffic
from tests.support.shop_namespace import MEMORY, ShopNamespace

NOW = 1_800_000_000.0
YEAR_3000 = 32_503_680_000.0
STATE = RunState(NOW, NOW + 600, (RouteTarget(ObjectName("a", "b"), ()),), Destination("s"), Destination("c"))


@pytest.mark.parametrize(
    ("expires", "expiry_seconds", "expired"),
    [
        (NOW + 600, 600.0, False),
        (NOW, 600.0, False),
        (NOW - 0.1, 600.0, True),
        (NOW + 605, 600.0, False),
        (NOW + 611, 600.0, True),
        (NOW + 3600, 600.0, True),
        (NOW + 3600, 3600.0, False),
        (NOW + 86_400, 86_400.0, False),
        (NOW + 86_500, 1e9, True),
        (YEAR_3000, 1e11, True),
        (YEAR_3000, 600.0, True),
        (0.0, 600.0, True),
    ],
)
def test_a_claim_lives_at_most_its_expiry_past_now(expires: float, expiry_seconds: float, expired: bool) -> None:  # noqa: FBT001 - a table
    """And at most a day; a few seconds more, since the clocks of API servers differ."""
    assert expired == is_expired(replace(STATE, expires=expires, expiry_seconds=expiry_seconds), NOW)


@pytest.mark.parametrize("expiry_seconds", [120.0, 600.0, 86_400.0, 1e9])
@pytest.mark.parametrize("ahead", [0.0, 3600.0, 1e8])
def test_no_claim_is_immortal(expiry_seconds: float, ahead: float) -> None:
    """At the latest a day and some seconds after any look, others may take it over."""
    state = replace(STATE, expires=NOW + ahead, expiry_seconds=expiry_seconds)
    assert any(is_expired(state, NOW + later) for later in (0.0, min(expiry_seconds, 86_400.0) + 10.2))


def test_a_living_run_corrects_an_expiry_that_a_wrong_clock_wrote() -> None:
    """Its next look renews the claim, before others take it for a false one."""
    ahead = replace(STATE, expires=NOW + 600 + 8)
    assert is_renewal_due(ahead, NOW)
    assert NOW + 600 == with_new_expiry(ahead, NOW).expires
    assert not is_renewal_due(replace(STATE, expires=NOW + 600), NOW + 30)
    assert is_renewal_due(replace(STATE, expires=NOW + 600), NOW + 60)
    assert NOW + 86_400 == with_new_expiry(replace(STATE, expiry_seconds=1e9), NOW).expires


@pytest.mark.parametrize("changes", [{"expires": YEAR_3000}, {"expires": YEAR_3000, "started": YEAR_3000 - 600}])
def test_everybody_takes_an_immortal_claim_for_an_expired_one(
    shop: ShopNamespace, traffic: Traffic, changes: dict[str, float]
) -> None:
    """The sweep, the next run, and the list; the message says why."""
    shop.add()
    claim = shop.claim()
    with pytest.raises(ClaimHeld):
        traffic.claims.refuse_competing("shop", "r2", claim.state.targets)
    state = json.loads(shop.annotations()[MEMORY]) | changes
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({MEMORY: json.dumps(state)}))
    with pytest.raises(ClaimExpired, match=r"its expiry is .* s ahead of the API server's time, and a claim lives"):
        traffic.claims.refuse_competing("shop", "r2", claim.state.targets)
    assert [True] == [one.is_expired for one in list_apps(shop.cluster(), "shop")]
    (victim,) = traffic.claims.expired("shop")
    taken = traffic.claims.take_over(victim, "r2", "expired")
    assert ("r2", False) == (taken.run, is_expired(taken.state, traffic.claims.now()))
