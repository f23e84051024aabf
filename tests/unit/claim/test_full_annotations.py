"""A VirtualService that takes no more notes: users go back to stable all the same."""

import json

import pytest
from structlog.testing import capture_logs

from steps.claim.smaller_patch import smaller_patches
from steps.errors import PermanentError
from steps.model.run import Phase
from steps.traffic.traffic import Traffic
from tests.support.kubernetes_api.faults import Call
from tests.support.shop_namespace import LAST, MEMORY, TOKEN, ShopNamespace, record_of

_LIMIT = 262_144


def fill(shop: ShopNamespace, spare: int) -> None:
    """Let somebody else's annotation use up all that is allowed, but for some bytes."""
    used = sum(len(key) + len(text) for key, text in shop.annotations().items())
    notes = "n" * (_LIMIT - used - len("team/notes") - spare)
    shop.edit(lambda obj: obj["metadata"]["annotations"].update({"team/notes": notes}))


@pytest.mark.parametrize("spare", [0, 1, 4, 20, 200])
@pytest.mark.parametrize("dies", [False, True])
def test_a_retreat_fits_however_full_the_annotations_are(
    shop: ShopNamespace, traffic: Traffic, spare: int, *, dies: bool
) -> None:
    """The run's own, and that of a sweep after its death; the phase says so, and the claim can be released."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    fill(shop, spare)
    if dies:
        shop.later(700)
        (victim,) = traffic.claims.expired("shop")
        claim = traffic.claims.take_over(victim, "sweep-1", "the claim expired", supersede=False)
    reason = "canary 16/16 = 100 % failed v. stable 0/284 " * 20
    with capture_logs() as logs:
        moved = traffic.retreat(claim, reason)
    assert [[100, 0], [None], [100, 0]] == shop.weights()
    assert shop.annotations()[TOKEN].endswith(":rolling-back")
    assert shop.is_marked()
    assert json.loads(shop.annotations()[MEMORY])["targets"]
    assert dies or spare > 100 or "claim.written_in_part" in {one["event"] for one in logs}
    traffic.claims.release(moved, record_of(moved, reason=reason))
    assert {"team/notes", LAST} >= set(shop.annotations()) - {"kubectl.kubernetes.io/last-applied-configuration"}


@pytest.mark.parametrize(
    ("status", "message"),
    [(413, "Request entity too large: limit is 3145728"), (500, "etcdserver: request is too large")],
)
def test_a_retreat_needs_the_weights_alone(shop: ShopNamespace, traffic: Traffic, status: int, message: str) -> None:
    """Whatever says that the object is too large, and however little room there is: at once, not after retries."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)

    def has_notes(call: Call) -> bool:
        return any(one["op"] == "add" and one["path"].startswith("/metadata/") for one in json.loads(call.body))

    shop.api.faults.answer(
        status, verb="patch", resource="virtualservices", when=has_notes, times=None, message=message
    )
    before = len(shop.api.faults.writes())
    traffic.retreat(claim, "bad")
    assert [[100, 0], [None], [100, 0]] == shop.weights()
    assert 6 >= len(shop.api.faults.writes()) - before


def test_a_step_forward_is_never_done_in_part(shop: ShopNamespace, traffic: Traffic) -> None:
    """A weight that no state tells of would be taken for a stranger's."""
    shop.add()
    claim, _ = traffic.set_weight(shop.claim(), 10)
    fill(shop, 0)
    with pytest.raises(PermanentError, match="Too long"):
        traffic.set_weight(claim, 20)
    assert [[90, 10], [None], [90, 10]] == shop.weights()
    with pytest.raises(PermanentError, match="Too long"):
        traffic.claims.move(claim, Phase.PROMOTING)


def test_nobody_claims_in_part(shop: ShopNamespace) -> None:
    """Not a token without a state, nor a weight without either."""
    obj = {"metadata": {"name": "shop", "annotations": {"team/notes": "x"}}}
    operations = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "add", "path": "/metadata/annotations/canary-steps.io~1claim.shop", "value": "r1:1:rolling-back"},
    ]
    assert [] == list(smaller_patches(obj, operations))
    shop.add(annotations={"team/notes": "n" * (_LIMIT - 100)})
    with pytest.raises(PermanentError, match="Too long"):
        shop.claim()
    assert {"team/notes"} == set(shop.annotations())


@pytest.mark.parametrize("labels", [None, {}, {"team": "a"}])
def test_every_write_of_a_run_puts_its_label_back(
    shop: ShopNamespace, traffic: Traffic, labels: dict[str, str] | None
) -> None:
    """Anyone may have removed it; the labels of others stay."""
    shop.add()
    claim = shop.claim()
    for write in (lambda: traffic.set_weight(claim, 10), lambda: traffic.retreat(claim, "bad")):
        shop.edit(lambda obj: obj["metadata"].pop("labels", None))
        if labels is not None:
            shop.edit(lambda obj: obj["metadata"].update(labels=dict(labels)))
        write()
        assert shop.is_marked()
        assert (labels or {}).items() <= shop.get()["metadata"]["labels"].items()
