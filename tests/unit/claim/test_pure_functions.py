"""The pure functions: keys, tokens, states, records, and the end of our managed fields."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steps.claim import record, state
from steps.claim.annotations import remove_managed_fields
from steps.claim.keys import claim_key, shorten_app
from steps.claim.token import Token, is_later, parse_token
from steps.cluster.json_patch import pointer
from steps.model.run import Destination, ObjectName, Phase, Pin, Record, RouteTarget, RunState, WorkloadState
from steps.model.rungs import RungVerdict

_names = some.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
_texts = some.text(some.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=40)
_times = some.floats(0, 4e9)
_weights = some.lists(some.tuples(_times, some.integers(0, 100)), max_size=8).map(tuple)
_targets = some.lists(
    some.builds(RouteTarget, some.builds(ObjectName, _names, _names), some.lists(_texts, max_size=3).map(tuple)),
    min_size=1,
    max_size=3,
    unique_by=lambda target: target.virtual_service,
).map(tuple)
_states = some.builds(
    RunState,
    started=_times,
    expires=_times,
    targets=_targets,
    stable=some.builds(Destination, _names, _texts),
    canary=some.builds(Destination, _names, _texts),
    weights=_weights,
    workloads=some.none() | some.builds(WorkloadState, _names, _names, _names, some.integers(0, 99), _names),
    pin=some.none() | some.builds(Pin, _names, _texts, some.dictionaries(_names, _texts, max_size=3)),
    latency_bounds=some.lists(some.tuples(_texts, some.floats(0.5, 1e6)), max_size=4).map(tuple),
    small_bound=some.none() | some.floats(0.5, 1e6),
    reason=_texts,
    by=_texts,
    expiry_seconds=some.floats(1, 1e5),
    ladder=some.lists(some.integers(1, 100), max_size=8).map(tuple),
    verdicts=some.lists(some.builds(RungVerdict, some.integers(1, 100), _texts, _times, _texts), max_size=8).map(tuple),
    unjudged=_texts,
)
_records = some.builds(
    Record,
    run=_texts,
    epoch=some.integers(1, 10**6),
    outcome=_texts,
    reason=some.text(max_size=5000),
    started=_times,
    ended=_times,
    verdict=_texts,
    weights=some.lists(some.tuples(_times, some.integers(0, 100)), max_size=400).map(tuple),
    images=some.dictionaries(_names, some.text(max_size=300), max_size=30),
    by=some.text(max_size=500),
)


@given(_names, _states)
def test_a_state_survives_its_annotation(app: str, kept: RunState) -> None:
    """What one pod wrote is what the next one reads."""
    assert state.load_state(state.dump_state(app, kept)) == (app, kept)


@given(_records)
def test_a_record_has_at_most_four_kilobytes(kept: Record) -> None:
    """Whatever a run did, its record fits and can be read."""
    text = record.dump_record(kept)
    read = record.load_record(text)
    assert len(text.encode()) <= 4096
    assert (read.epoch, read.started, read.ended) == (kept.epoch, kept.started, kept.ended)


def test_a_small_record_survives_whole() -> None:
    """Nothing is cut without need."""
    kept = Record("r", 3, "promoted", "fine", 1.5, 2.5, "pass", ((1.5, 5), (2.0, 0)), {"app": "shop:2"}, "ann")
    assert record.load_record(record.dump_record(kept)) == kept


def test_a_long_record_keeps_its_first_and_last_weights() -> None:
    """The middle of the walk matters less than its ends."""
    weights = tuple((float(at), at % 100) for at in range(1000))
    read = record.load_record(record.dump_record(Record("r", 1, "promoted", "fine", 0.0, 1.0, weights=weights)))
    assert (read.weights[0], read.weights[-1]) == (weights[0], weights[-1])


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"version":1}', '{"version":1,"app":"a","targets":[]}'])
def test_a_text_that_is_not_a_state_is_a_value_error(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        state.load_state(text)


def test_a_state_ignores_fields_of_a_later_image() -> None:
    """A new field with a default does not lock older pods out."""
    kept = RunState(1.0, 2.0, (RouteTarget(ObjectName("a", "b"), ("c",)),), Destination("s"), Destination("c"))
    body = json.loads(state.dump_state("shop", kept)) | {"new": 1}
    body["stable"]["new"] = 2
    assert state.load_state(json.dumps(body)) == ("shop", kept)


def test_a_state_of_an_older_image_has_neither_ladder_nor_verdicts() -> None:
    """It is read as it is: what nobody wrote is not known."""
    kept = RunState(1.0, 2.0, (RouteTarget(ObjectName("a", "b"), ("c",)),), Destination("s"), Destination("c"))
    body = json.loads(state.dump_state("shop", kept))
    assert set() == {"ladder", "verdicts", "unjudged"} & set(body)
    assert ("shop", kept) == state.load_state(json.dumps(body))


@pytest.mark.parametrize("verdicts", [5, [5], [[5]], [[5, "pass"]], [["x", "pass", 1.0]], [[5, "pass", None]]])
def test_verdicts_that_nobody_wrote_like_this_are_a_value_error(verdicts: object) -> None:
    """A damaged memory is never read as a pass."""
    kept = RunState(1.0, 2.0, (RouteTarget(ObjectName("a", "b"), ("c",)),), Destination("s"), Destination("c"))
    body = json.loads(state.dump_state("shop", kept)) | {"verdicts": verdicts}
    with pytest.raises(ValueError, match=r"."):
        state.load_state(json.dumps(body))


@pytest.mark.parametrize(
    "token",
    [
        *("", "r1", "r1:1", "r1:1:flying", "r1:x:walking", ":1:walking", "r1:0:walking", "r1:-1:walking"),
        *("a:b:1:walking", "R:1:walking", "r1: 1:walking", "r1:1_0:walking", "r1:\u0661:walking", "r1:1:walking\n"),
        *(
            "\033[2J:1:walking",
            "\ud800:1:walking",
            f"r1:{'9' * 400}:walking",
            f"{'r' * 254}:1:walking",
            "r1:1.0:walking",
        ),
    ],
)
def test_a_strange_token_is_a_value_error(token: str) -> None:
    """A token is `run:epoch:phase`."""
    with pytest.raises(ValueError, match=r"."):
        parse_token(token)


def test_a_token_is_taken_apart() -> None:
    """A phase has a dash, and so may a run."""
    assert parse_token("a-b:12:rolling-back") == Token("a-b", 12, Phase.ROLLING_BACK)


def test_phases_are_in_order() -> None:
    """Rolling-back is later than all but done."""
    assert [is_later(Phase.ROLLING_BACK, phase) for phase in Phase] == [True, True, True, False, False]


@given(some.from_regex(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", fullmatch=True))
def test_keys_fit_and_are_stable(app: str) -> None:
    """At most 40 characters of an app, the same when shortened again, and none of Istio's names."""
    assert len(shorten_app(app)) <= 40
    assert shorten_app(shorten_app(app)) == shorten_app(app)
    assert len(claim_key(app).partition("/")[2]) <= 63


def test_long_apps_with_the_same_beginning_differ() -> None:
    """The hash tells them apart."""
    assert shorten_app("a" * 50) != shorten_app("a" * 51)


def test_our_managed_fields_are_removed_from_the_end() -> None:
    """A removal shifts what comes after it; a list of ours alone is reset as the API asks for."""
    entries = [{"manager": name} for name in ("canary-steps", "helm", "canary-steps")]
    paths = [entry["path"] for entry in remove_managed_fields({"metadata": {"managedFields": entries}})]
    assert paths == ["/metadata/managedFields/2", "/metadata/managedFields/0"]
    reset = [{"op": "add", "path": "/metadata/managedFields", "value": [{}]}]
    assert remove_managed_fields({"metadata": {"managedFields": entries[:1]}}) == reset
    assert remove_managed_fields({"metadata": {}}) == []


def test_pointers_are_escaped() -> None:
    """Keys have slashes."""
    assert pointer("metadata", "annotations", "a/b~c", 0) == "/metadata/annotations/a~1b~0c/0"
