"""The list of releases: what its table and its JSON say of a second trial."""

from __future__ import annotations

import json
from dataclasses import replace

from steps.model.listing import ListedApp
from steps.model.trials import Trial
from steps.outputs.listing import as_json, table
from tests.support.board_apps import annotations_for, listed, with_trial

NOW = 1_800_000_000.0


def app_of(*weights: tuple[float, int]) -> ListedApp:
    """Return an app that runs, whose first trial ended; with the weights since."""
    given = with_trial(annotations_for("shop", "running", NOW), "shop", NOW, weights)
    (app,) = listed(NOW, ("shop", "shop", given))
    return app


def with_earlier_alarm(app: ListedApp) -> ListedApp:
    """Return the app whose last release had an alarm before it met users at its first weight."""
    assert app.record is not None
    trial = Trial(app.record.weights[0][0] - 5, 25, "worse", "9/9 failed", "errors", 9, 1, shared=False)
    return replace(app, record=replace(app.record, trials=(trial,)))


def test_the_phase_names_the_trial() -> None:
    """Before it, while all users are on stable, and in it."""
    assert "walking, users back after alarm 1  0 %" in table([app_of((29.8, 0))])
    assert "walking, trial 2  5 %" in table([app_of((29.8, 0), (10.0, 5))])


def test_the_last_outcome_says_how_many_alarms_came_before() -> None:
    """A release without any says nothing."""
    app = app_of((29.8, 0))
    assert "rolled-back (1 alarm before)" in table([with_earlier_alarm(app)])
    assert "before" not in table([app])


def test_json_has_every_field_of_each_trial() -> None:
    """Of the run and of the last release; null without a run."""
    app = app_of((29.8, 0))
    (found,) = json.loads(as_json([with_earlier_alarm(app)]))
    assert [(25, 16)] == [(one["weight"], one["excess"]) for one in found["trials"]]
    assert [(25, 9)] == [(one["weight"], one["excess"]) for one in found["last"]["trials"]]
    (idle,) = json.loads(as_json([replace(app, claim=None)]))
    assert idle["trials"] is None
