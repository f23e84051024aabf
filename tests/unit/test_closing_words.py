"""The last line of a release's log, for a person: `helm upgrade` prints it."""

from __future__ import annotations

import pytest
import structlog

from steps import rollout
from steps.outputs import logs


@pytest.mark.parametrize(
    ("code", "results", "words"),
    [
        (0, {"outcome": "promoted", "reason": "healthy"}, "PROMOTED, all users have the new version: healthy"),
        (
            5,
            {"outcome": "rolled-back", "reason": "worse"},
            "ROLLED BACK, all users have the version from before: worse",
        ),
        (0, {"outcome": "noop", "reason": "nothing changed"}, "NOTHING TO RELEASE: nothing changed"),
        (4, {"reason": "no route"}, "not released, exit code 4: no route"),
        (3, {}, "not released, exit code 3"),
    ],
)
def test_the_words_say_how_it_ended_and_where_the_users_are(code: int, results: dict[str, str], words: str) -> None:
    """Whatever the outcome; an error has only its sentence."""
    assert words == rollout.closing_words(code, results)


def test_they_are_one_line_after_the_apps_name_and_only_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """A log for machines has them in its fields."""
    logs.configure("json", "rollout")
    logs.say_last("PROMOTED")
    assert "" == capsys.readouterr().err
    logs.configure("console", "rollout")
    structlog.contextvars.bind_contextvars(app="shop")
    logs.say_last("ROLLED BACK:\ntwo\nlines")
    assert "shop: ROLLED BACK: two lines\n" == capsys.readouterr().err
