"""The documentation tells the truth about the code."""

import re
from pathlib import Path

from docs.settings import PAGE, page
from steps.__main__ import STEPS, find
from steps.errors import StepError
from steps.step import EXIT_DONE, EXIT_FAIL, EXIT_INCONCLUSIVE

README = Path(__file__).parents[2] / "README.md"


def test_the_settings_page_is_what_the_settings_say() -> None:
    """`make docs` was run after the last change."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    """A description, with its unit where it has one in its name."""
    fields = [(step, name, field) for step in STEPS for name, field in find(step).settings.model_fields.items()]
    assert [] == [(step, name) for step, name, field in fields if not field.description]
    silent = [
        name for _, name, field in fields if name.endswith("_seconds") and "seconds" not in str(field.description)
    ]
    assert [] == silent


def test_the_readme_lists_every_step_with_its_results() -> None:
    """The table of steps cannot fall behind."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE))
    for step in STEPS:
        assert ", ".join(f"`{name}`" for name in find(step).results) == rows[step], step


def test_the_readme_lists_every_exit_code() -> None:
    """Those of the errors and those of the verdicts."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)}
    assert {EXIT_DONE, EXIT_FAIL, EXIT_INCONCLUSIVE, *_codes(StepError)} == listed


def test_the_readme_is_short() -> None:
    """At most 150 lines."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def _codes(error: type[StepError]) -> set[int]:
    return {error.exit_code}.union(*(_codes(kind) for kind in error.__subclasses__()))
