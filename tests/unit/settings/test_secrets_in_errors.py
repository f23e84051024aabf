"""No error in the settings repeats a secret, whichever setting it stands in and wherever it came from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import yaml

from steps.__main__ import STEPS, find, main
from steps.errors import StepError
from steps.model.secrecy import is_secret_name
from steps.settings.loading import load
from steps.settings.release import ReleaseSettings

SECRET = "hush9Zq7"
FORMS = (
    f"https://user:{SECRET}@host.example/x y",
    f"user:{SECRET}@registry.example/team/shop:v1 x",
    f"http://host.example/?token={SECRET} x",
    f"https://user:hu/{SECRET}@host.example:port",
)
"""Values that no setting takes, and that show their secret by its form."""
BROKEN = (
    SECRET,
    f"A={SECRET},{SECRET}",
    f"{{A: {SECRET}",
    f"[{SECRET}",
    f"A: [{SECRET}]",
    f"- {SECRET}: [",
    f'"{SECRET}',
)
"""Values that are wrong for most settings."""
ALL = frozenset(field for name in STEPS for field in find(name).settings.model_fields)


def said(step: str, arguments: list[str]) -> str:
    """Return the error of settings, "" if they are taken."""
    try:
        load(find(step).settings, arguments, lambda: ALL, f"canary-steps {step}")
    except StepError as error:
        return repr((str(error), error.__cause__, error.__context__ if not error.__suppress_context__ else None))
    return ""


def settings_of(step: str) -> Iterator[tuple[str, bool]]:
    """Yield the flags of a step, and whether their values are secret by their names."""
    for name in find(step).settings.model_fields:
        flag = name.replace("_", "-")
        yield flag, is_secret_name(flag) or flag == "probes"


def app(step: str) -> list[str]:
    """Return the flag that most steps require."""
    return ["--app=shop"] if issubclass(find(step).settings, ReleaseSettings) else []


def repeated(step: str, flag: str, value: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a setting a value by a flag, a variable and a file; return the errors, which must not repeat the secret."""
    file, variable = folder / "canary.yaml", f"CANARY_{flag.replace('-', '_').upper()}"
    file.write_text(yaml.safe_dump({flag: value}))
    found = [said(step, [*app(step), f"--{flag}={value}"]), said(step, [*app(step), f"--config={file}"])]
    monkeypatch.setenv(variable, value)
    found.append(said(step, app(step)))
    monkeypatch.delenv(variable)
    assert [] == [text for text in found if SECRET in text], f"{flag} = {value!r}"
    return list(filter(None, found))


def test_no_flag_variable_or_file_repeats_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret by its name, and a secret by its form in any setting; of each setting once."""
    seen: set[str] = set()
    refused: list[str] = []
    for step in STEPS:
        for number, (flag, is_secret) in enumerate(settings_of(step)):
            if flag not in seen:
                value = BROKEN[number % len(BROKEN)] if is_secret else FORMS[number % len(FORMS)]
                refused += repeated(step, flag, value, tmp_path, monkeypatch)
            seen.add(flag)
    assert len(seen) > 100
    assert len(refused) > 100


@pytest.mark.full
@pytest.mark.parametrize("step", STEPS)
def test_no_form_of_a_secret_is_repeated(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value in each setting of each step."""
    for flag, is_secret in settings_of(step):
        for value in (*FORMS, *(BROKEN if is_secret else ())):
            repeated(step, flag, value, tmp_path, monkeypatch)


@pytest.mark.parametrize("step", ["prepare", "resolve", "list"])
@pytest.mark.parametrize("name", ["prometheus-password", "prometheus-pasword", "registry-token", "nonsense", "x"])
def test_a_flag_that_does_not_exist_is_named_without_its_value(step: str, name: str, tmp_path: Path) -> None:
    """Its name may be misspelt, so that it does not say whether it is a secret."""
    file = tmp_path / "canary.yaml"
    file.write_text(f"{name}: {SECRET}\n")
    nested = tmp_path / "nested.yaml"
    nested.write_text(f"{name}: {{a: [{SECRET}]}}\n")
    for arguments in ([f"--{name}={SECRET}"], [f"--{name}", SECRET], [f"--config={file}"], [f"--config={nested}"]):
        text = said(step, [*app(step), *arguments])
        assert name in text
        assert SECRET not in text
    for arguments in ([SECRET], [f"--dry-run={SECRET}"], [f"-{SECRET}"]):
        assert SECRET not in said(step, [*app(step), *arguments]).replace(f"-{SECRET}", "")


def test_a_broken_file_is_described_without_its_lines(tmp_path: Path) -> None:
    """YAML's own errors would show the line."""
    file = tmp_path / "canary.yaml"
    for text in (
        f"env: {{A: {SECRET}, [",
        f"prometheus-header: '{SECRET}\n",
        f"env:\n  A: *{'a'}\n  B: {SECRET}",
        f"a: {SECRET}: b",
    ):
        file.write_text(text)
        found = said("prepare", ["--app=shop", f"--config={file}"])
        assert "is not YAML" in found
        assert SECRET not in found


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "bad", [f"--env={SECRET}", f"--prometheus-password={SECRET}", f"--prometheus-url=http://u:{SECRET}@h"]
)
def test_the_whole_program_prints_no_secret(bad: str, log_format: str) -> None:
    """Neither on stdout nor on stderr, in any format of the log."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        assert 2 == main(["prepare", "--app=shop", bad, f"--log-format={log_format}"])
    assert SECRET not in printed.getvalue()
    assert "bad-settings" in printed.getvalue()
