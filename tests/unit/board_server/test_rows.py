"""What an app's claim and record mean for a person at the board."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from steps.board_server.rows import Row, State, row_of
from steps.claim.keys import claim_key, record_key, state_key
from steps.model.run import Phase, WorkloadState
from steps.model.trials import Trial
from tests.support.board_apps import FAILED, KINDS, QUIET, UID, annotations_for, listed, with_trial

NOW = 1_800_000_000.0


def row(kind: str, **changes: object) -> Row:
    """Return the row of the app `shop` in a state, with changes to what its state annotation holds."""
    given = annotations_for("shop", kind, NOW)
    if changes:
        given[state_key("shop")] = json.dumps({**json.loads(given[state_key("shop")]), **changes})
    (app,) = listed(NOW, ("shop", "shop", given))
    return row_of(app)


@pytest.mark.parametrize("kind", KINDS)
def test_each_state_is_recognized(kind: str) -> None:
    """And what stands still until somebody acts is marked."""
    found = row(kind)
    assert (kind, kind in {"waiting", "expired", "unreadable"}) == (found.state, found.needs_a_person)


def test_a_run_that_waits_says_what_to_type() -> None:
    """To approve and to refuse, since when, and what the judge last saw."""
    found = row("waiting")
    named = f"--namespace shop --app shop --run {UID.format(1)}"
    assert [f"canary-steps approve {named}", f"canary-steps rollback {named}"] == [one.line for one in found.commands]
    assert ("since", NOW - 61, "rung 2 of 3", 25) == (found.at_word, found.at, found.rung, found.weight)
    assert "12 % of an alarm; errors 3 of 4512 (stable 21 of 40031)" in found.sentence


def test_a_run_whose_weight_could_not_be_judged_needs_a_decision() -> None:
    """Nothing goes on by itself where the steps are run by hand."""
    found = row("running", verdicts=[[25, "inconclusive", NOW - 3]])
    assert (State.INCONCLUSIVE, True) == (found.state, found.needs_a_person)
    assert ["analyze", "rollback"] == [one.line.split()[1] for one in found.commands]


def test_an_expired_run_names_its_remedy() -> None:
    """And who does it if nobody types anything."""
    found = row("expired")
    assert ["canary-steps sweep --namespace shop"] == [one.line for one in found.commands]
    assert "next sweep" in found.sentence


@pytest.mark.parametrize(
    ("kind", "word", "sentence"),
    [("failed", "rolled back", FAILED), ("inconclusive", "rolled back", QUIET), ("promoted", "promoted", "healthy")],
)
def test_a_release_that_ended_has_its_sentence(kind: str, word: str, sentence: str) -> None:
    """As the record has it."""
    found = row(kind)
    assert (word, "ended", NOW - 400) == (found.word, found.at_word, found.at)
    assert found.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("phase", "changes", "word", "sentence"),
    [
        (Phase.PREPARED, {}, "preparing", "no user reaches it yet"),
        (Phase.WALKING, {"verdicts": [[25, "pass", NOW]]}, "walking", "Weight 25 % passed; next is 50 %."),
        (Phase.WALKING, {"weights": [[NOW, 50]], "verdicts": [[50, "pass", NOW]]}, "walking", "next is the promotion"),
        (Phase.WALKING, {"paused_weight": 50}, "walking", "Paused at 0 %"),
        (Phase.PROMOTING, {}, "promoting", "stable gets its version"),
        (Phase.PROMOTING, {"bake_since": NOW}, "baking", "it is judged on"),
        (Phase.ROLLING_BACK, {"reason": "canary 9/9 failed"}, "rolling back", "canary 9/9 failed"),
    ],
)
def test_a_run_on_its_way_says_how_far_it_is(
    phase: Phase, changes: dict[str, object], word: str, sentence: str
) -> None:
    """In words of the field."""
    given = annotations_for("shop", "running", NOW)
    given[claim_key("shop")] = f"r1:1:{phase}"
    given[state_key("shop")] = json.dumps({**json.loads(given[state_key("shop")]), **changes})
    (app,) = listed(NOW, ("shop", "shop", given))
    found = row_of(app)
    assert (State.RUNNING, word) == (found.state, found.word)
    assert sentence in found.sentence


def test_commands_name_virtual_services_that_are_not_named_after_the_app() -> None:
    """And the namespace of the Deployments, which is the release's."""
    (app,) = listed(NOW, ("shop", "shop", annotations_for("shop", "waiting", NOW)))
    assert app.claim is not None
    state = replace(app.claim.state, workloads=WorkloadState("apps", "shop", "shop-canary"))
    found = row_of(replace(app, claim=replace(app.claim, state=state)))
    named = f"--namespace apps --app shop --run {UID.format(1)} --virtual-service shop/shop"
    assert f"canary-steps approve {named}" == found.commands[0].line


@pytest.mark.parametrize("run", ["r; rm -rf ~", "$(id)", "-h", "a b", "", "`id`", "r\n1"])
def test_no_command_is_made_of_what_is_not_a_name(run: str) -> None:
    """People paste commands into a shell, and anybody who may annotate could write one."""
    (app,) = listed(NOW, ("shop", "shop", annotations_for("shop", "waiting", NOW)))
    assert app.claim is not None
    found = row_of(replace(app, claim=replace(app.claim, run=run)))
    assert (State.UNREADABLE, ()) == (found.state, found.commands)
    assert "not a Kubernetes name" in found.sentence


@pytest.mark.parametrize("at", [1e30, float("nan"), float("inf"), -1e30])
def test_a_time_that_is_not_a_date_makes_a_row_unreadable(at: float) -> None:
    """Also where no other check looks; the page must not fail for one app."""
    assert State.UNREADABLE == row("running", verdicts=[[25, "inconclusive", at]]).state


def test_an_unknown_outcome_is_shown_as_it_is() -> None:
    """A newer image may write one."""
    record = {"version": 1, "run": "r", "epoch": 1, "outcome": "half-done", "reason": "", "started": 1.0, "ended": 2.0}
    (app,) = listed(NOW, ("shop", "shop", {record_key("shop"): json.dumps(record)}))
    assert (State.FAILED, "half done") == (row_of(app).state, row_of(app).word)


@pytest.mark.parametrize(
    ("weights", "rung", "said"),
    [
        (
            [(29.8, 0)],
            "users back after alarm 1",
            "All users are on stable until fresh pods of the canary are ready; they begin at 1 %.",
        ),
        ([(29.8, 0), (10.0, 5)], "rung 1 of 3, trial 2", "The present weight is being judged."),
    ],
    ids=["users are back", "fresh pods climb"],
)
def test_a_run_in_its_second_trial_says_so_and_why(weights: list[tuple[float, int]], rung: str, said: str) -> None:
    """Where the users are first; then at which weight the alarm came, and the judge's sentence about it."""
    given = with_trial(annotations_for("shop", "running", NOW), "shop", NOW, weights)
    (app,) = listed(NOW, ("shop", "shop", given))
    found = row_of(app)
    assert (State.RUNNING, weights[-1][1], rung) == (found.state, found.weight, found.rung)
    assert found.sentence.startswith(said)
    assert f"Trial 1 ended with an alarm at weight 25: {FAILED}." in found.sentence


def test_while_nobody_knows_whether_stable_fails_too_the_row_says_that() -> None:
    """Two scrapes of stable decide it."""
    given = with_trial(annotations_for("shop", "running", NOW), "shop", NOW, [(29.8, 0)])
    (app,) = listed(NOW, ("shop", "shop", given))
    assert app.claim is not None
    state = app.claim.state
    asked = replace(state, trials=(replace(state.trials[0], shared=None),))
    found = row_of(replace(app, claim=replace(app.claim, state=asked)))
    assert found.sentence.startswith("All users are on stable, whose next scrapes show whether it fails as well.")


def test_a_release_that_ended_after_a_second_trial_says_so() -> None:
    """Below its reason, in the row of its record."""
    (app,) = listed(NOW, ("shop", "shop", annotations_for("shop", "promoted", NOW)))
    assert app.record is not None
    trial = Trial(NOW - 650, 25, "worse", FAILED, "errors", 16, 1, shared=False)
    found = row_of(replace(app, record=replace(app.record, trials=(trial,))))
    assert "Before that, all users had gone back to stable after an alarm at weight 25." in found.sentence
