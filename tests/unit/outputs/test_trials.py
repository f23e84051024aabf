"""Trials in words: where the users were, what it cost, and whether stable had the same trouble."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steps.model.trials import Trial
from steps.outputs.trials import account, alarms, consequences, ended_trial, followed, present_trial, returns

TRIAL = Trial(100.0, 25, "worse", "canary 9/9 failed", "errors", 9, 1, shared=False)
WEIGHTS = ((10.0, 5), (60.0, 25), (100.3, 0))


@pytest.mark.parametrize(
    ("weights", "users"),
    [
        (WEIGHTS, "all users have been on stable since"),
        ((*WEIGHTS, (130.3, 1)), "all users were on stable for 30 s, until fresh pods began at weight 1"),
        ((*WEIGHTS[:2], (900.0, 0)), "all users went back to stable"),
        ((), "all users went back to stable"),
    ],
    ids=["still back", "began again", "a record that lost middle weights", "a record without weights"],
)
def test_it_says_where_the_users_were_as_far_as_the_weights_tell(
    weights: tuple[tuple[float, int], ...], users: str
) -> None:
    """A record that is too long has lost weights: then no duration is invented."""
    assert users == consequences(TRIAL, weights).split("; ")[0]


def test_pods_that_were_not_replaced_are_not_called_fresh() -> None:
    """The same pods begin again where only stable was looked at."""
    said = consequences(replace(TRIAL, next_weight=0), (*WEIGHTS, (130.3, 5)))
    assert "until the canary began again at weight 5" in said


@pytest.mark.parametrize(
    ("shared", "metric", "said"),
    [
        (True, "errors", "stable failed as well right after it, so the cause was shared"),
        (False, "errors", "stable did not fail right after it, so the cause was not shared"),
        (None, "errors", "whether stable failed as well is not known"),
    ],
)
def test_it_says_whether_stable_had_the_same_trouble(metric: str, said: str, *, shared: bool | None) -> None:
    """Also when nobody knows it yet."""
    assert said == consequences(replace(TRIAL, shared=shared, metric=metric), WEIGHTS).split("; ")[-1]


def test_an_alarm_about_pods_says_nothing_of_stable() -> None:
    """Pods and probes are the canary's own: nobody compared."""
    crashed = replace(TRIAL, code="unhealthy", metric="", excess=0)
    assert "stable failed" not in consequences(crashed, WEIGHTS)
    assert "no requests failed beyond stable's rate" in consequences(crashed, WEIGHTS)
    assert "(unhealthy): " in ended_trial(crashed)


def test_a_first_trial_is_not_mentioned() -> None:
    """Most releases have no other."""
    assert ("", "", "", []) == (alarms(()), present_trial((), is_between=False), returns(()), account((), WEIGHTS))


def test_lists_and_boards_have_short_forms() -> None:
    """One word where a table has no room."""
    two = (TRIAL, replace(TRIAL, weight=50))
    assert ("1 alarm before", "2 alarms before") == (alarms(two[:1]), alarms(two))
    assert "trial 3" == present_trial(two, is_between=False)
    assert "users back after alarm 2" == present_trial(two, is_between=True)
    assert "after an alarm at weight 25." in returns(two[:1])
    assert "after alarms at weights 25 and 50." in returns(two)


def test_an_alarm_that_ended_the_run_is_not_one_before_its_end() -> None:
    """The first alarm of an ordinary run may return the users, be looked at once more, and end it."""
    assert () == followed((TRIAL,), WEIGHTS)
    assert (TRIAL,) == followed((TRIAL, replace(TRIAL, at=200.0)), (*WEIGHTS, (130.0, 5), (200.0, 0)))
