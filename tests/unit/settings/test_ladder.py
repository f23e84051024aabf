"""A bad ladder is refused with its source, its value and what is allowed."""

from __future__ import annotations

import pytest

from tests.unit.settings.conftest import Load, Refusal

HOW = "write percents from 1 to 100, for example 5,25,50"
EMPTY = "must have at least one weight, for example 5,25,50"
ASCEND = "must ascend, each weight above the one before, for example 5,25,50"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", EMPTY),
        ("10,5", ASCEND),
        ("5,5", ASCEND),
        ("0,5", "weight 0 is outside 1-100"),
        ("5,101", "weight 101 is outside 1-100"),
        ("-5,10", "weight -5 is outside 1-100"),
        ("5,x", f"weight 'x' is not a whole number; {HOW}"),
        ("5.5", f"weight '5.5' is not a whole number; {HOW}"),
        ("5,,10", f"weight '' is not a whole number; {HOW}"),
    ],
)
def test_a_flag_with_a_bad_ladder_is_refused(refusal: Refusal, text: str, allowed: str) -> None:
    """Empty, not ascending, outside 1-100, not integers."""
    assert f"--ladder = {text!r}: {allowed}" == refusal("rollout", "--app=shop", f"--ladder={text}")


@pytest.mark.parametrize(
    ("text", "shown", "allowed"),
    [
        ("[]", "[]", EMPTY),
        ("[10, 5]", "[10, 5]", ASCEND),
        ("[5, 101]", "[5, 101]", "weight 101 is outside 1-100"),
        ("[5, x]", "[5, 'x']", f"weight 'x' is not a whole number; {HOW}"),
        ("[5.5]", "[5.5]", f"weight 5.5 is not a whole number; {HOW}"),
        ("[yes]", "[True]", f"weight True is not a whole number; {HOW}"),
        ("5", "5", f"must be a list of weights, {HOW}"),
        ("", "None", f"must be a list of weights, {HOW}"),
    ],
)
def test_a_file_with_a_bad_ladder_is_refused(refusal: Refusal, text: str, shown: str, allowed: str) -> None:
    """Named by the file and the field's path in it."""
    cause = refusal("rollout", "--app=shop", file=f"ladder: {text}")
    assert cause.endswith(f"/canary.yaml: ladder = {shown}: {allowed}")


def test_a_variable_with_a_bad_ladder_is_refused_by_its_name(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader must know where to correct it."""
    monkeypatch.setenv("CANARY_LADDER", "10,5")
    assert f"CANARY_LADDER = '10,5': {ASCEND}" == refusal("rollout", "--app=shop")


def test_a_value_that_looks_like_a_flag_is_refused_with_the_way_to_write_it(refusal: Refusal) -> None:
    """`--ladder -5,10` never reaches the ladder's own check."""
    cause = refusal("rollout", "--app=shop", "--ladder", "-5,10")
    assert "--ladder" in cause
    assert "--flag=value" in cause


@pytest.mark.parametrize("text", ["5,25,50", " 5, 25 ,50 "])
def test_a_good_ladder_is_accepted_with_or_without_blanks(load_step: Load, text: str) -> None:
    """And from YAML as a list."""
    assert (5, 25, 50) == getattr(load_step("rollout", "--app=shop", "--ladder", text), "ladder", None)
    assert (5, 25, 50) == getattr(load_step("rollout", "--app=shop", file="ladder: [5, 25, 50]"), "ladder", None)


@pytest.mark.parametrize("weight", ["101", "-1", "5.5", "x"])
def test_a_single_weight_is_a_whole_percent(refusal: Refusal, weight: str) -> None:
    """0-100; the error names both ends."""
    cause = refusal("set-weight", "--app=shop", f"--weight={weight}")
    assert f"--weight = {weight!r}: must be a whole number at least 0 and at most 100" == cause


@pytest.mark.parametrize("step", ["prepare", "rollout"])
@pytest.mark.parametrize("text", ["[5, 25, 50]", '["5", 25, "50"]', " [5,25,50]\n", "5,25,50"])
def test_a_ladder_is_accepted_as_a_workflow_writes_it(
    load_step: Load, monkeypatch: pytest.MonkeyPatch, step: str, text: str
) -> None:
    """Argo passes the JSON list that it loops over, in a variable; Tekton and people write commas."""
    monkeypatch.setenv("CANARY_LADDER", text)
    assert (5, 25, 50) == getattr(load_step(step, "--app=shop"), "ladder", None)


@pytest.mark.parametrize("step", ["prepare", "rollout"])
@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("[]", EMPTY),
        (" [ ] ", EMPTY),
        ("[5, 5, 1000]", "weight 1000 is outside 1-100"),
        ("[5, 5]", ASCEND),
        ("[50, 10]", ASCEND),
        ("[0]", "weight 0 is outside 1-100"),
        ("[101]", "weight 101 is outside 1-100"),
        ("[-5]", "weight -5 is outside 1-100"),
        ("[5.5]", f"weight 5.5 is not a whole number; {HOW}"),
        ("[5.0]", f"weight 5.0 is not a whole number; {HOW}"),
        ("[true]", f"weight True is not a whole number; {HOW}"),
        ("[null]", f"weight None is not a whole number; {HOW}"),
        ("[NaN]", f"weight nan is not a whole number; {HOW}"),
        ("[[5]]", f"weight [5] is not a whole number; {HOW}"),
        ('[{"weight": 5}]', f"weight {{'weight': 5}} is not a whole number; {HOW}"),
        ("[5, 25", f"is not a JSON list; {HOW}"),
        ("[5, 25] and more", f"is not a JSON list; {HOW}"),
        ("abc", f"weight 'abc' is not a whole number; {HOW}"),
        ("{}", f"weight '{{}}' is not a whole number; {HOW}"),
        ("5;25", f"weight '5;25' is not a whole number; {HOW}"),
        ("5%", f"weight '5%' is not a whole number; {HOW}"),
        (" ", EMPTY),
    ],
)
def test_no_step_begins_with_a_bad_ladder(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch, step: str, text: str, allowed: str
) -> None:
    """Prepare refuses it before anything moves, as rollout does."""
    monkeypatch.setenv("CANARY_LADDER", text)
    assert f"CANARY_LADDER = {text!r}: {allowed}" == refusal(step, "--app=shop")


def test_a_prepare_without_a_ladder_knows_none(load_step: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not set, or passed as an empty variable: single steps of other pipelines."""
    monkeypatch.setenv("CANARY_LADDER", "")
    assert () == getattr(load_step("prepare", "--app=shop"), "ladder", None)
    assert (5, 25, 50) == getattr(load_step("rollout", "--app=shop"), "ladder", None)


@pytest.mark.parametrize("file", ["ladder: []", "ladder: ''"])
def test_an_explicitly_empty_ladder_is_refused_by_prepare(refusal: Refusal, file: str) -> None:
    """It is not the same as an unset ladder."""
    assert refusal("prepare", "--app=shop", file=file).endswith(EMPTY)
    assert refusal("prepare", "--app=shop", "--ladder=").endswith(EMPTY)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("   ", "must give the reason in a sentence"),
        ("?!", "must give the reason in a sentence"),
        ("false", "must give the reason in a sentence"),
        ("TRUE", "must give the reason in a sentence"),
        ("1", "must give the reason in a sentence"),
        ("x" * 301, "at most 300 characters"),
    ],
)
def test_a_promote_without_a_pass_needs_a_reason_in_words(refusal: Refusal, text: str, allowed: str) -> None:
    """Somebody will read the reason in the record."""
    assert allowed in refusal("promote", "--app=shop", "--run=one", f"--unjudged={text}")


def test_a_reason_to_promote_is_kept_as_one_line_without_control_characters(load_step: Load) -> None:
    """The record is printed on terminals."""
    text = "--unjudged=tested\n by\x1b[31m hand\x00"
    assert "tested by [31m hand" == getattr(load_step("promote", "--app=shop", "--run=one", text), "unjudged", None)
