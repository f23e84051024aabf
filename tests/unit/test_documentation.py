"""The documentation tells the truth about the code."""

import re
import shlex
import tomllib
from pathlib import Path

from steps.__main__ import STEPS, find
from steps.errors import StepError
from steps.step import EXIT_DONE, EXIT_FAIL, EXIT_INCONCLUSIVE
from tools.judge_picture import BAD_CANARY, BAD_STABLE, GOOD_CANARY, draw, example
from tools.settings_page import PAGE, page

README = Path(__file__).parents[2] / "README.md"


def test_the_settings_page_is_what_the_settings_say() -> None:
    """`make docs` was run after the last change."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    """A description, with the unit if the name has one."""
    fields = [(step, name, field) for step in STEPS for name, field in find(step).settings.model_fields.items()]
    assert [] == [(step, name) for step, name, field in fields if not field.description]
    without_unit = [
        name for _, name, field in fields if name.endswith("_seconds") and "seconds" not in str(field.description)
    ]
    assert [] == without_unit


def test_the_readme_lists_every_step_with_its_results() -> None:
    """The table of steps is complete."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE))
    for step in STEPS:
        assert ", ".join(f"`{name}`" for name in find(step).results) == rows[step], step


def test_the_readme_lists_every_exit_code() -> None:
    """The codes of errors and of verdicts."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)}
    assert {EXIT_DONE, EXIT_FAIL, EXIT_INCONCLUSIVE, *_codes(StepError)} == listed


def test_every_command_of_the_readme_exists() -> None:
    """Steps and their flags, targets of make, and the files that it names."""
    text = README.read_text(encoding="utf-8")
    commands = [shlex.split(one) for one in re.findall(r"^canary-steps (.*?)(?:\||#|$)", text, re.MULTILINE)]
    assert len(commands) >= 2
    for step, *words in commands:
        flags = {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")}
        assert flags <= set(find(step).settings.model_fields), words
    targets = set(re.findall(r"^([a-z0-9-]+):", (README.parent / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set() == set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", text, re.MULTILINE)) - targets
    named = re.findall(r"\]\(([^):]+)\)|(?:-k|-f) ([a-z][\w./-]+)", text)
    assert [] == [one for one in map("".join, named) if not (README.parent / one).exists()]


def test_the_readme_justifies_every_package() -> None:
    """Each dependency is named under Decisions, even if only tests use it."""
    project = tomllib.loads((README.parent / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    listed = [*project["project"]["dependencies"], *groups["test"], *groups["lint"]]
    packages = {re.split(r"[>\[]", one)[0] for one in listed}
    decisions = README.read_text(encoding="utf-8").partition("## Decisions")[2]
    named = {one for part in re.findall(r"\*\*([^*]+)\*\*", decisions) for one in re.split(r", ", part)}
    # Some need no reason: pydantic comes with its settings, pytest with its runner, types with their packages; linters.
    assert {"pydantic", "pytest", "types-PyYAML", "types-requests", "mypy", "ruff"} == packages - named


def test_the_readme_is_short() -> None:
    """At most 2200 words with tables and commands: a reader needs ten minutes."""
    assert len(README.read_text(encoding="utf-8").split()) <= 2200


def _codes(error: type[StepError]) -> set[int]:
    return {error.exit_code}.union(*(_codes(kind) for kind in error.__subclasses__()))


def test_the_page_about_the_judge_quotes_the_judge() -> None:
    """Counts, coins, sentences and the picture of the worked example."""
    text = (README.parent / "docs/judge.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) s \| (\d+) of 150 \| (\d+) of 1 350 \| ([\d. ]+) \|", text, re.MULTILINE)
    for seen, row in enumerate(rows, 1):
        judgement = example(BAD_CANARY[:seen])
        end, failed, of_stable, coins = row
        assert (15 * seen, BAD_CANARY[seen - 1], BAD_STABLE[seen - 1]) == (int(end), int(failed), int(of_stable))
        assert float(f"{judgement.e_value:.3g}") == float(coins.replace(" ", ""))
    assert len(rows) == 3
    assert [example(BAD_CANARY[:3]).reason, example(GOOD_CANARY[:3]).reason] == re.findall(
        r"^> (.*)$", text, re.MULTILINE
    )
    assert draw() == (README.parent / "docs/judge.svg").read_text(encoding="utf-8")
