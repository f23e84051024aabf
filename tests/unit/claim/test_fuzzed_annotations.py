"""Every loader of an annotation, fed with valid texts that were changed at random: only declared errors come out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from steps.claim.errors import ClaimCorrupt
from steps.claim.expiry import is_expired, is_renewal_due, with_new_expiry
from steps.claim.keys import claim_key, record_key, state_key
from steps.claim.last_record import last_record
from steps.claim.listing import apps_of
from steps.claim.observed import observe_claim
from steps.claim.record import dump_record, load_record
from steps.claim.state import dump_state, load_state
from steps.claim.token import parse_token
from steps.model.run import Promotion, Record, RunState
from steps.outputs.listing import as_json, table
from tests.support.board_apps import FixedClock
from tests.unit.claim.test_strict_reading import STATE, TEXT

Loaded = TypeVar("Loaded")
NOW = 1_769_852_000.0
RECORD = dump_record(Record("r0", 3, "promoted", "fine", 1.0, 2.0, "pass", ((1.0, 5),), {"app": "x"}, "ann",
                            promotion=Promotion("r0", 2.0, STATE)))  # fmt: skip
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))

_numbers = some.integers() | some.floats() | some.integers(10**300, 10**401) | some.booleans()
_texts = some.text(max_size=20) | some.sampled_from(
    ["\ud800", "\033[2J", "a/b", "../x", "x" * 5000, "kube-system/coredns"]
)
_values = some.recursive(
    some.none() | _numbers | _texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(_texts, inner, max_size=4),
    max_leaves=8,
)


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Return the path of each value in a JSON value, without that of the whole."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [found for key, value in pairs for found in [(*path, key), *places(value, (*path, key))]]


@some.composite
def changed(draw: some.DrawFn, text: str) -> str:
    """Return a JSON text with up to three changes: values replaced, removed, added or repeated, or bytes cut."""
    body = json.loads(text)
    for _ in range(draw(some.integers(1, 3))):
        path = draw(some.sampled_from(places(body) or [("x",)]))
        parent = body
        for key in path[:-1]:
            parent = parent[key]
        act = draw(some.sampled_from(["replace", "remove", "add"]))
        if act == "replace":
            parent[path[-1]] = draw(_values)
        elif act == "remove":
            del parent[path[-1]]
        elif isinstance(parent, dict):
            parent[draw(_texts)] = draw(_values)
        else:
            parent.append(draw(_values))
    whole = json.dumps(body)
    cut = draw(some.none() | some.integers(0, len(whole)))
    return whole if cut is None else whole[:cut] + draw(some.sampled_from(["", "}", "]", '"', "NaN", "[" * 2000]))


def loaded(load: Callable[[str], Loaded], text: str) -> Loaded | None:
    """Return what is loaded; None where it is refused in a short sentence."""
    said = ""
    try:
        return load(text)
    except ValueError as error:
        said = str(error)
    assert 0 < len(said) < 1000
    return None


def check_state(text: str) -> None:
    """Load a state; one that is loaded is sound, survives its annotation, and its expiry can be decided."""
    found = loaded(load_state, text)
    if found is None:
        return
    app, state = found
    assert all(0 <= weight <= 100 and math.isfinite(at) for at, weight in state.weights)
    assert state.targets
    assert (app, state) == load_state(dump_state(app, state))
    assert not is_expired(with_new_expiry(state, NOW), NOW)
    assert is_renewal_due(state, NOW) in {True, False}
    assert isinstance(state, RunState)


def check_record(text: str) -> None:
    """Load a record; one that is loaded is small, and can be loaded again."""
    record = loaded(load_record, text)
    if record is None:
        return
    assert math.isfinite(record.started)
    assert load_record(dump_record(record)).epoch == record.epoch


def check_token(text: str) -> None:
    """Parse a token; one that is parsed is written the same."""
    token = loaded(parse_token, text)
    assert token is None or text == f"{token.run}:{token.epoch}:{token.phase}"


def check_object(token: str, state: str, record: str) -> None:
    """Read an object with all three, as list, board, sweep and prepare do."""
    given = {claim_key("shop"): token, state_key("shop"): state, record_key("shop"): record}
    obj = {"metadata": {"namespace": "shop", "name": "shop", "annotations": given}}
    rows = apps_of(FixedClock(NOW), [obj])
    shown = table(rows) + as_json(rows)
    assert all(line.isprintable() for line in shown.splitlines())
    assert "kubectl annotate virtualservice -n shop shop" in shown or not any(one.unreadable for one in rows)
    last_record(obj, "shop")
    with suppress(ClaimCorrupt):
        assert observe_claim(obj, "shop") is not None


_tokens = some.text(max_size=30) | some.from_regex(
    r"[-a-z0-9.:]{0,9}:[0-9_ ]{0,20}:(walking|prepared|x)", fullmatch=True
)
_states, _records = changed(TEXT), changed(RECORD)
_valid_tokens = some.sampled_from(["r1:1:walking", "r1:7:rolling-back"])


@FEW
@given(_states)
def test_a_changed_state_is_read_whole_or_refused(text: str) -> None:
    """A ValueError, or a state that every step can use."""
    check_state(text)


@FEW
@given(_records)
def test_a_changed_record_is_read_whole_or_refused(text: str) -> None:
    """A ValueError, or a record that can be written again."""
    check_record(text)


@FEW
@given(_tokens)
def test_a_random_token_is_read_whole_or_refused(text: str) -> None:
    """A ValueError, or a token."""
    check_token(text)


@FEW
@given(_valid_tokens | _tokens, _states, _records)
def test_an_object_with_changed_annotations_is_listed(token: str, state: str, record: str) -> None:
    """With all that can be read, and with a remedy for the rest."""
    check_object(token, state, record)


@pytest.mark.full
@MANY
@given(_valid_tokens | _tokens, _states, _records)
def test_twenty_thousand_changed_annotations_raise_nothing_else(token: str, state: str, record: str) -> None:
    """All of the above, deeper."""
    check_state(state)
    check_record(record)
    check_token(token)
    check_object(token, state, record)
