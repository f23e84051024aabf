"""`STEP --help`: groups by subject, placeholders that mean something, defaults once, lines that fit the terminal."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest

from steps.__main__ import STEPS, find, main
from steps.model.flags import Flag, Takes
from steps.settings.base import StepSettings
from steps.settings.flags import flags_of
from steps.settings.help_text import help_text
from steps.settings.placeholders import choices, placeholder

every_step = pytest.mark.parametrize("step", STEPS)


def flags(step: str) -> dict[str, Flag]:
    """Return the flags of a step by name."""
    return {flag.name: flag for flag in flags_of(find(step).settings)}


@every_step
@pytest.mark.parametrize("width", [30, 40, 63, 64, 80, 109, 110, 200])
def test_no_line_is_longer_than_the_terminal(step: str, width: int) -> None:
    """And none than 110 characters, however wide it is."""
    shown = help_text(find(step).settings, f"canary-steps {step}", width)
    assert [] == [line for line in shown.splitlines() if len(line) > min(width, 110)]


@pytest.mark.parametrize("columns", ["50", "100"])
def test_the_width_is_the_terminals(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As COLUMNS says."""
    monkeypatch.setenv("COLUMNS", columns)
    assert 0 == main(["rollout", "--help"])
    longest = max(map(len, capsys.readouterr().out.splitlines()))
    assert int(columns) - 12 < longest <= int(columns)


@every_step
def test_no_placeholder_is_the_name_of_a_type(step: str) -> None:
    """Capital letters, or the choices."""
    for flag in flags(step).values():
        if flag.takes is Takes.NOTHING:
            assert "" == flag.placeholder
        elif flag.choices:
            assert "|".join(flag.choices) == flag.placeholder
        else:
            assert re.fullmatch(r"[A-Z][A-Z/=]*(,\.\.\.)?", flag.placeholder), flag.name
    shown = help_text(find(step).settings, "canary-steps", 80)
    assert None is re.search(r"--\S+ (int|float|str|bool|tuple|dict|\{)", shown)


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("set-weight", "--weight PERCENT"),
        ("analyze", "--weight PERCENT"),
        ("rollout", "--min-seconds SECONDS"),
        ("rollout", "--image IMAGE"),
        ("rollout", "--virtual-service NAME,..."),
        ("rollout", "--ladder PERCENT,..."),
        ("rollout", "--min-requests COUNT"),
        ("rollout", "--env NAME=VALUE,..."),
        ("rollout", "--log-format auto|json|console"),
        ("rollout", "--prometheus-url URL"),
        ("init", "--rbac, --no-rbac"),
        ("list", "--format table|json"),
    ],
)
def test_placeholders_say_what_to_type(step: str, shown: str) -> None:
    """Percent, seconds, an image, names."""
    assert f"  {shown}" in help_text(find(step).settings, f"canary-steps {step}", 100)


@pytest.mark.parametrize(
    ("name", "annotation", "expected"),
    [
        ("standby_seconds", float, "SECONDS"),
        ("keep_standby", bool, ""),
        ("at_rest", Literal["refuse", "reset", "adopt"], "refuse|reset|adopt"),
        ("topology", Literal["", "swap"], "swap"),
        ("attempts", int | None, "COUNT"),
        ("factor", float, "NUMBER"),
        ("owner", str, "OWNER"),
        ("some_owner", str, "OWNER"),
        ("hosts", tuple[str, ...], "HOSTS,..."),
        ("pairs", dict[str, str], "NAME=VALUE,..."),
        ("optional", Literal["a", "b"] | None, "a|b"),
    ],
)
def test_a_new_setting_has_a_placeholder(name: str, annotation: object, expected: str) -> None:
    """By the end of its name, or its type."""
    assert expected == placeholder(name, annotation)
    assert choices(annotation) == (tuple(expected.split("|")) if expected.islower() else ())


@every_step
def test_a_default_is_shown_once(step: str) -> None:
    """As it is typed; nothing is said of an empty one."""
    shown = " ".join(help_text(find(step).settings, "canary-steps", 100).split())
    with_default = [flag for flag in flags(step).values() if flag.default]
    assert shown.count(" Default: ") == len(with_default)
    assert "(default" not in shown
    assert [] == [flag.name for flag in with_default if f"Default: {flag.default}." not in shown]


def test_defaults_read_as_they_are_typed() -> None:
    """A list with commas, a whole number without a point, a switch that is on."""
    found = {name: flag.default for step in ("rollout", "init") for name, flag in flags(step).items()}
    wanted = {"--ladder": "5,25,50", "--min-seconds": "30", "--warmup-seconds": "0", "--rbac": "true", "--dry-run": ""}
    assert wanted == {name: found[name] for name in wanted}


@every_step
def test_a_heading_stands_once_and_no_group_is_empty(step: str) -> None:
    """Each flag is in one group."""
    shown = help_text(find(step).settings, "canary-steps", 80)
    headings = re.findall(r"^([A-Z][a-z A-Z]*):$", shown, re.MULTILINE)
    assert headings == list(dict.fromkeys(flag.subject for flag in flags(step).values()))
    assert len(set(headings)) == len(headings)
    assert "Program" == headings[-1]


def test_flags_stand_with_their_subject() -> None:
    """The class that brings a setting names it, not the step."""
    found = {name: flag.subject for name, flag in flags("rollout").items()}
    wanted = {
        "--app": "Release",
        "--run": "Claim",
        "--ladder": "Ladder",
        "--alpha": "Judge",
        "--prometheus-url": "Prometheus",
        "--namespace": "Cluster",
        "--log-format": "Program",
        "--image": "Preparation",
        "--report-dir": "This step",
    }
    assert wanted == {name: found[name] for name in wanted}


def test_required_flags_are_in_the_first_line() -> None:
    """And said to be required where they are described."""
    shown = help_text(find("set-weight").settings, "canary-steps set-weight", 100)
    assert shown.startswith("usage: canary-steps set-weight --app APP --weight PERCENT [--flag VALUE ...]\n")
    assert 2 == shown.count("Required.")


def test_a_class_without_a_description_is_still_shown() -> None:
    """A setting of a subject that the order does not know stands before the last groups."""

    class Odd(StepSettings):
        subject = "Odd things"
        odd_end: Annotated[str, "no description"] = ""

    shown = help_text(Odd, "odd", 80)
    assert "Odd things:\n  --odd-end END" in shown


@pytest.mark.parametrize("arguments", [["-h"], ["--app=shop", "--help"], ["--nosuch", "--help"]])
def test_help_wins_over_whatever_else_is_typed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who asks for help may have typed something wrong."""
    assert 0 == main(["promote", *arguments])
    captured = capsys.readouterr()
    assert ("", True) == (captured.err, captured.out.startswith("usage: canary-steps promote"))
