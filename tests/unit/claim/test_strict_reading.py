"""A state and a record are a stranger's input: they are read as they were written, or not at all."""

import json
from dataclasses import replace

import pytest

from steps.claim.record import dump_record, load_record
from steps.claim.state import dump_state, load_state
from steps.claim.strict_json import LIMIT_BYTES, read_json
from steps.claim.token import parse_token
from steps.model.looks import Counts, LastLook
from steps.model.run import Destination, ObjectName, Pin, Promotion, Record, RouteTarget, RunState, WorkloadState
from steps.model.rungs import RungVerdict
from steps.model.trials import Trial
from tests.support.hostile_annotations import HOSTILE_TOKENS, RECORD, hostile_records, hostile_states

STATE = RunState(
    started=1_769_851_800.0,
    expires=1_769_852_400.5,
    targets=(RouteTarget(ObjectName("shop", "shop"), ("main", "#1")),),
    stable=Destination("shop"),
    canary=Destination("shop-canary", "v2"),
    weights=((1_769_851_900.0, 5),),
    workloads=WorkloadState("shop", "shop", "shop-canary", kept={"other": "route x leads there"}),
    pin=Pin("shop-canary-abc", "0123", {"app": "sha256:00"}),
    latency_bounds=(("p99", 0.5),),
    verdicts=(RungVerdict(5, "pass", 1_769_851_950.0, "by hand"),),
    disruptions=((1_769_851_960.0, 0.0, "a drain"),),
    look=LastLook(1_769_851_970.0, 0.25, (Counts("errors", 10, 1, 90, 2),), None, 0.0),
    trials=(Trial(1_769_851_940.0, 5, "worse", "canary 9/9 failed", "errors", 9, 1, shared=False),),
)
TEXT = dump_state("shop", STATE)
OLDEST = (
    '{"version":1,"app":"shop","started":1769851800.0,"expires":1769852400.5,"expiry_seconds":600.0,"by":"ann",'
    '"targets":{"shop/shop":["main"]},"stable":{"host":"shop"},"canary":{"host":"shop-canary"},'
    '"weights":[[1769851900.0,5]],"workloads":{"namespace":"shop","stable":"shop","canary":"shop-canary",'
    '"stable_replicas":2,"stable_replica_set":"shop-1","stable_template_hash":"ab","created_canary":true,'
    '"template_by_external":false,"baseline":""},"pin":{"replica_set":"shop-canary-1","template_hash":"cd",'
    '"digests":{"app":"sha256:00"}},"latency_bounds":[["p99",0.5]],"small_bound":500.0}'
)
"""As the first images wrote it: without topology, ladder, verdicts and the rest."""
OLDEST_RECORD = (
    '{"version":1,"run":"r0","epoch":3,"outcome":"promoted","reason":"all rungs passed","started":1769851800.0,'
    '"ended":1769852400.5,"verdict":"pass","weights":[[1769851900.0,5],[1769852000.0,0]],'
    '"images":{"app":"sha256:00"},"by":"ann"}'
)


@pytest.mark.parametrize("name", hostile_states(TEXT))
def test_a_state_that_nothing_of_ours_writes_is_refused_in_a_short_sentence(name: str) -> None:
    """A ValueError that a terminal can show, whatever the text holds and however large it is."""
    with pytest.raises(ValueError, match=r".") as refused:
        load_state(hostile_states(TEXT)[name])
    assert len(str(refused.value)) < 700
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", hostile_records())
def test_a_record_that_nothing_of_ours_writes_is_refused_in_a_short_sentence(name: str) -> None:
    """As a state is."""
    with pytest.raises(ValueError, match=r".") as refused:
        load_record(hostile_records()[name])
    assert len(str(refused.value)) < 700
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("token", HOSTILE_TOKENS)
def test_a_token_that_nothing_of_ours_writes_is_refused_in_a_short_sentence(token: str) -> None:
    """As a state is."""
    with pytest.raises(ValueError, match=r".") as refused:
        parse_token(token)
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


def test_a_state_is_read_as_it_was_written() -> None:
    """Strict is not lossy."""
    assert ("shop", STATE) == load_state(TEXT)


def test_states_and_records_of_the_first_image_are_read() -> None:
    """An image may be upgraded in the middle of a run."""
    app, state = load_state(OLDEST)
    assert ("shop", 5, (), (), "") == (
        app,
        state.weight,
        state.verdicts,
        state.trials,
        state.workloads.topology if state.workloads else "",
    )
    assert (3, "promoted", None) == ((record := load_record(OLDEST_RECORD)).epoch, record.outcome, record.promotion)


def test_fields_of_a_later_image_are_left_out_at_every_depth() -> None:
    """They do not lock an older pod out, whatever they hold; in lists, what comes after the known entries."""
    body = json.loads(TEXT)
    later = {"later": [[float("nan")]]}
    body |= later
    for name in ("stable", "canary", "workloads", "pin"):
        body[name] |= later
    body["verdicts"][0].append(later)
    body["trials"][0].append(later)
    body["look"].append(later)
    assert ("shop", STATE) == load_state(json.dumps(body))
    assert load_record(json.dumps(RECORD)) == load_record(json.dumps(RECORD | later))


def test_a_sentence_is_cleaned_and_costs_nobody_their_way_back() -> None:
    """An error of another program may have put a line end or a colour into the reason of a run."""
    body = json.loads(TEXT) | {"reason": "red \033[31m\nline \u202eback", "by": "ann\0"}
    state = load_state(json.dumps(body))[1]
    assert ("red  [31m line  back", "ann ") == (state.reason, state.by)


def test_half_a_character_is_never_written() -> None:
    """No request could carry it; an answer of the API server may hold one."""
    assert "a?" == load_state(dump_state("shop", replace(STATE, reason="a\ud800")))[1].reason
    assert "a?" == load_record(dump_record(Record("r", 1, "noop", "a\ud800", 1.0, 2.0))).reason


@pytest.mark.parametrize(
    "damage", ["7", "{}", '{"run":"r","ended":NaN,"state":{}}', '{"run":"r","ended":1,"state":[]}']
)
def test_a_damaged_promotion_costs_only_the_undo(damage: str) -> None:
    """The rest of the record can still be reported."""
    whole = dump_record(Record("r", 1, "promoted", "", 1.0, 2.0, promotion=Promotion("r", 2.0, STATE)))
    assert load_record(whole).promotion is not None
    record = load_record(f'{json.dumps(RECORD)[:-1]},"promotion":{damage}}}')
    assert ("r0", None) == (record.run, record.promotion)


def test_a_record_keeps_its_trials_and_is_shortened_around_them() -> None:
    """What happened in the first trial is why there was a second one."""
    record = Record("r", 1, "promoted", "y" * 3000, 1.0, 2.0, trials=STATE.trials)
    assert STATE.trials == load_record(dump_record(record)).trials
    many = replace(record, trials=tuple(replace(STATE.trials[0], reason="x" * 300) for _ in range(12)))
    assert 12 == len(load_record(dump_record(many)).trials)


def test_a_text_is_measured_before_it_is_parsed() -> None:
    """In bytes, as the API server counts them."""
    fits = '{"x":"' + "y" * (LIMIT_BYTES - 8) + '"}'
    assert {"x"} == set(read_json(fits))
    with pytest.raises(ValueError, match="longer than 262144 bytes"):
        read_json(fits + " ")
    with pytest.raises(ValueError, match="longer than 262144 bytes"):
        read_json('{"x":"' + "é" * (LIMIT_BYTES // 2) + '"}')
