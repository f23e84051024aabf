"""What an undo needs stays in the record: it survives the shrinking, and an older image can read the rest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from steps.claim.record import LIMIT_BYTES, dump_record, load_record, promotion_of, with_promotion
from steps.model.run import (
    Claim,
    Destination,
    ObjectName,
    Phase,
    Pin,
    Promotion,
    Record,
    RouteTarget,
    RunState,
    WorkloadState,
)

WORKLOADS = WorkloadState("shop", "shop", "shop-canary", 4, "shop-5c9f", "0123456789abcdef", kept={"shop": "beta"})
PIN = Pin("shop-canary-7d8", "fedcba9876543210", {"app": f"sha256:{'1' * 64}"})
RECORD = Record("one", 3, "promoted", "fine", 1.5, 2.5)


def promotion(*routes: str, services: int = 1, name: str = "shop") -> Promotion:
    """Return a promotion of so many VirtualServices with these routes."""
    targets = tuple(RouteTarget(ObjectName("shop", f"{name}-{number}"), routes) for number in range(services))
    state = RunState(1.5, 601.5, targets, Destination("shop"), Destination("shop-canary"), ((1.5, 5),), reason="x")
    claim = Claim("shop", "one", 3, Phase.PROMOTING, replace(state, workloads=WORKLOADS, pin=PIN))
    return promotion_of(claim, replace(WORKLOADS, promoted_template_hash="aa"), 2.5)


def test_a_record_keeps_all_that_an_undo_needs() -> None:
    """Deployments, the old ReplicaSet, both templates' fingerprints, destinations and routes."""
    kept = load_record(dump_record(replace(RECORD, promotion=promotion("primary")))).promotion
    assert promotion("primary") == kept
    assert kept is not None
    assert kept.state.workloads == replace(WORKLOADS, promoted_template_hash="aa")
    assert kept.state.pin == replace(PIN, digests={})
    assert ((), "") == (kept.state.weights, kept.state.reason)


def test_what_an_undo_needs_survives_the_shrinking() -> None:
    """Reasons, weights, images and names go first."""
    long = replace(
        RECORD,
        reason="r" * 5000,
        weights=tuple((float(at), at % 100) for at in range(900)),
        images={f"c{number}": "x" * 80 for number in range(40)},
        promotion=promotion("primary", "beta", services=3),
    )
    text = dump_record(long)
    assert len(text.encode()) <= LIMIT_BYTES
    assert long.promotion == load_record(text).promotion


def test_names_of_routes_go_before_everything_else_of_it() -> None:
    """The destinations lead to them as well."""
    full = promotion(*(f"a-route-with-a-rather-long-name-{number}" for number in range(90)), services=2)
    text = dump_record(replace(RECORD, promotion=full))
    read = load_record(text).promotion
    assert len(text.encode()) <= LIMIT_BYTES
    assert read is not None
    assert [()] * 2 == [one.routes for one in read.state.targets]
    assert (full.state.workloads, full.state.pin) == (read.state.workloads, read.state.pin)


def test_a_promotion_that_cannot_fit_leaves_a_record_that_can_be_read() -> None:
    """An undo is then refused as for the record of an older image."""
    text = dump_record(replace(RECORD, promotion=promotion(services=60, name="n" * 200)))
    assert len(text.encode()) <= LIMIT_BYTES
    assert RECORD == load_record(text)


def test_a_run_without_a_promotion_writes_no_new_field() -> None:
    """Its record is what it was before there was an undo."""
    assert {"undoes", "promotion"}.isdisjoint(json.loads(dump_record(replace(RECORD, outcome="rolled-back"))))


@pytest.mark.parametrize("damage", [0, "x", [], {}, {"run": "one"}, {"run": "one", "ended": "x", "state": {}}])
def test_a_damaged_promotion_leaves_the_rest_readable(damage: object) -> None:
    """The record still says how the run ended."""
    body = {**json.loads(dump_record(RECORD)), "promotion": damage}
    assert RECORD == load_record(json.dumps(body))


@pytest.mark.parametrize(
    ("outcome", "carries"), [("rolled-back", True), ("noop", True), ("undone", False), ("promoted", False)]
)
def test_only_a_run_that_changed_nothing_leaves_the_promotion_before_it(outcome: str, carries: bool) -> None:  # noqa: FBT001 - a parameter
    """After an undo, a second one must not undo the promotion before that one."""
    before = replace(RECORD, promotion=promotion("primary"))
    after = with_promotion(replace(RECORD, run="two", outcome=outcome), before)
    assert (before.promotion if carries else None) == after.promotion
    assert RECORD == with_promotion(RECORD, None)


@pytest.mark.parametrize("name", ["run", "outcome", "verdict", "reason", "by", "bake", "undoes"])
@pytest.mark.parametrize("value", [7, ["a"], {"a": 1}, None, True])
def test_a_text_of_a_record_that_is_not_text_makes_it_unreadable(name: str, value: object) -> None:
    """An annotation may hold anything, and what shows a record relies on its types."""
    body = {"version": 1, "run": "r", "epoch": 1, "outcome": "promoted", "reason": "", "started": 1.0, "ended": 2.0}
    with pytest.raises(ValueError, match=f"^{name}: "):
        load_record(json.dumps({**body, name: value}))


@pytest.mark.parametrize("images", [[], "x", 7, None])
def test_images_of_a_record_that_are_not_an_object_make_it_unreadable(images: object) -> None:
    """Not a crash of what shows them."""
    body = {"version": 1, "run": "r", "epoch": 1, "outcome": "promoted", "reason": "", "started": 1.0, "ended": 2.0}
    with pytest.raises(ValueError, match=r"^images: "):
        load_record(json.dumps({**body, "images": images}))
