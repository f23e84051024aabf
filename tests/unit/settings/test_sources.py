"""Every setting has a flag, a variable and a line of canary.yaml, by rule; flag > variable > file > default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from steps.__main__ import STEPS, find
from steps.errors import SettingsError
from steps.settings.hotfix import ONE_RUN_ONLY
from tests.unit.settings.conftest import Load

# A text that some field takes; the first that a field takes, and that is not its default, stands for it.
TEXTS = (
    *(
        "shop",
        "ms",
        "5,60",
        "60",
        "7",
        "150",
        "0.3",
        "1.5",
        "true",
        "false",
        "A=1",
        "http://prom:9090",
        "0.0.0.0:8080",
        f"sha256:{'0' * 64}",
    ),
    *(
        "tekton",
        "run",
        "console",
        "json",
        "target-named",
        "external",
        "supersede",
        "adopt",
        "exit",
        "destination",
        "proven",
        "always",
        "pass",
        "p99=500ms",
    ),
    *("[{name: x, path: /}]", "[{name: x, bad: {metric: a}, all: {metric: b}}]", "x-probe: canary", "4xx"),
)
NEEDED = {
    "app": "till",
    "weight": "3",
    "engine": "tekton",
    "image": "shop",
    "webhook_url_file": "/url",
    "recording": "run.jsonl",
}


def fields() -> list[tuple[str, str]]:
    """Return every field, except the one that names the file, with the first step that has it."""
    steps = {name: step for step in reversed(STEPS) for name in find(step).settings.model_fields}
    return [(step, name) for name, step in sorted(steps.items()) if name not in {"config", "from_flagger"}]


def needed(step: str, name: str) -> list[str]:
    """Return flags for the other required fields of a step."""
    known = find(step).settings.model_fields
    return [f"--{key.replace('_', '-')}={value}" for key, value in NEEDED.items() if key in known and key != name]


def chosen(step: str, name: str) -> tuple[str, Any]:
    """Return a text that the field accepts, and the value that it becomes."""
    kind = find(step).settings
    given = {key: value for key, value in NEEDED.items() if key in kind.model_fields}
    for text in TEXTS:
        try:
            value = getattr(kind.model_validate({**given, name: text}), name)
        except ValidationError:
            continue
        if value != kind.model_fields[name].default:
            return text, value
    raise AssertionError(f"no text here fits {step} {name}: add one")


@pytest.mark.parametrize(("step", "name"), fields())
def test_flag_variable_and_file_are_named_by_rule(
    load_step: Load, monkeypatch: pytest.MonkeyPatch, step: str, name: str
) -> None:
    """--prometheus-url = CANARY_PROMETHEUS_URL = prometheus-url: all three give the same value."""
    text, value = chosen(step, name)
    flags = needed(step, name)

    assert value == getattr(load_step(step, *flags, f"--{name.replace('_', '-')}={text}"), name)

    file = f"{name.replace('_', '-')}: {text}"
    if name in ONE_RUN_ONLY:
        with pytest.raises(SettingsError, match=f"{name}: holds for one run alone"):
            load_step(step, *flags, file=file)
    else:
        assert value == getattr(load_step(step, *flags, file=file), name)

    monkeypatch.setenv(f"CANARY_{name.upper()}", text)
    assert value == getattr(load_step(step, *flags), name)


def test_a_flag_wins_over_a_variable_over_the_file_over_the_default(
    load_step: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is for all runs, a variable for a pipeline, a flag for one run."""
    flags, file = ["--app=shop", "--weight=3"], "expiry-seconds: 150"
    assert 600.0 == load_step("set-weight", *flags).model_dump()["expiry_seconds"]
    assert 150.0 == load_step("set-weight", *flags, file=file).model_dump()["expiry_seconds"]
    monkeypatch.setenv("CANARY_EXPIRY_SECONDS", "200")
    assert 200.0 == load_step("set-weight", *flags, file=file).model_dump()["expiry_seconds"]
    assert 300.0 == load_step("set-weight", *flags, "--expiry-seconds=300", file=file).model_dump()["expiry_seconds"]


def test_an_empty_variable_and_an_empty_flag_count_as_not_set(load_step: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argo and Tekton pass an unset optional parameter as ""."""
    monkeypatch.setenv("CANARY_EXPIRY_SECONDS", "")
    monkeypatch.setenv("CANARY_STABLE", "")
    loaded = load_step("set-weight", "--app=shop", "--weight=3", "--canary=", file="stable: till")
    assert {"expiry_seconds": 600.0, "stable": "till", "canary": ""}.items() <= loaded.model_dump().items()


def test_the_file_may_be_named_by_a_variable(load_step: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Like every setting."""
    (tmp_path / "mine.yaml").write_text("app: till\nweight: 9\n")
    monkeypatch.setenv("CANARY_CONFIG", str(tmp_path / "mine.yaml"))
    assert ("till", 9) == (load_step("set-weight").model_dump()["app"], load_step("set-weight").model_dump()["weight"])


def test_a_file_serves_all_steps(load_step: Load) -> None:
    """Another step's setting in it is not a mistake."""
    assert (
        "shop"
        == load_step("rollback", file="app: shop\nladder: [5, 50]\nprometheus-url: http://prom:9090").model_dump()[
            "app"
        ]
    )


@pytest.mark.parametrize(("flag", "value"), [("--dry-run", True), ("--dry-run=false", False), ("--no-dry-run", False)])
def test_a_switch_may_be_given_with_or_without_a_value(load_step: Load, flag: str, value: bool) -> None:  # noqa: FBT001
    """`--dry-run={{inputs.parameters.dry-run}}` in a workflow, `--dry-run` in a shell."""
    loaded = load_step("rollback", "--app=shop", flag, file="dry-run: true")
    assert value == loaded.model_dump()["dry_run"]


def test_a_switch_takes_no_other_value(load_step: Load) -> None:
    """Not even an empty one: the error lists what is allowed."""
    with pytest.raises(SettingsError, match="--dry-run"):
        load_step("rollback", "--app=shop", "--dry-run=maybe")
