"""Where a value may come from, and how a bad one is reported."""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ValidationError
from pydantic_settings import (
    CliSettingsSource,
    EnvSettingsSource,
)
from pydantic_settings.exceptions import SettingsError as SourceError

from steps.errors import SettingsError
from steps.model.secrecy import without_secrets
from steps.settings.base import ENV_PREFIX, StepSettings
from steps.settings.complaints import complaint, refused_arguments
from steps.settings.config_file import CONFIG_PATH, LOADING, FileSettings, canary_yaml, documents_of

_HELP = frozenset({"-h", "--help"})
_SHORT = {"from-flagger": "from"}
"""Second names of flags."""


Settings = TypeVar("Settings", bound=StepSettings)


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for the help of a step."""
    return not _HELP.isdisjoint(arguments)


def load(kind: type[Settings], arguments: Sequence[str], known: Callable[[], frozenset[str]], program: str) -> Settings:
    """Return the settings of one step.

    Args:
        kind: the step's settings class.
        arguments: command-line arguments after the step's name.
        known: returns the fields of all steps, called only where there is a canary.yaml: one file serves all steps, so
            another step's field is not a mistake.
        program: name for the help text.

    Raises:
        SettingsError: with one line for each bad value: where it came from, the value, what is allowed.
    """
    try:
        return _loaded(kind, arguments, known, program)
    except SettingsError as error:
        raise SettingsError(error.action, without_secrets(error.cause)) from None


def _loaded(
    kind: type[Settings], arguments: Sequence[str], known: Callable[[], frozenset[str]], program: str
) -> Settings:
    flags = _flags(kind, arguments, program)
    # Tekton and Argo pass an unset optional parameter as "", so an empty variable counts as not set.
    variables = EnvSettingsSource(kind, env_ignore_empty=True)()
    file = _config_file(flags)
    origins, own = _from_files(kind, file, {**variables, **flags}, known)
    given = {**own, **variables, **flags}
    needless = kind.unneeded(given)
    try:
        return kind(**{name: value for name, value in given.items() if name not in needless})
    except ValidationError as error:
        lines = [_complaint(entry, kind, flags, origins) for entry in error.errors(include_url=False)]
        raise SettingsError(LOADING, "; ".join(lines)) from None


def _from_files(
    kind: type[StepSettings], file: Path | None, given: Mapping[str, Any], known: Callable[[], frozenset[str]]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the step's settings of all files, the origin of each first; canary.yaml wins over --from-flagger."""
    manifest = given.get("from_flagger")
    origins: dict[str, str] = {}
    values: dict[str, Any] = {}
    for path in filter(None, (Path(str(manifest)) if manifest else None, file)):
        found = _file_settings(kind, path, given, known)
        own = {name: value for name, value in found.values.items() if name in kind.model_fields}
        values |= own
        origins |= {name: f"{path}: {found.origins.get(name, name.replace('_', '-'))}" for name in own}
    return origins, values


def _file_settings(
    kind: type[StepSettings], file: Path, given: Mapping[str, Any], known: Callable[[], frozenset[str]]
) -> FileSettings:
    documents = documents_of(file)
    # Flagger's manifests are rare, and what reads them is loaded only for them.
    if not any(isinstance(one, dict) and "apiVersion" in one for one in documents):
        return canary_yaml(file, documents, known)
    from steps.flagger.documents import is_flaggers  # noqa: PLC0415 - see above
    from steps.settings.flagger_manifest import manifest_settings  # noqa: PLC0415 - see above

    if is_flaggers(documents):
        return manifest_settings(kind, file, documents, given)
    return canary_yaml(file, documents, known)


def log_format(arguments: Sequence[str]) -> Literal["auto", "json", "console"]:
    """Return the log format that flags or environment ask for, so that an error in the settings is logged in it too."""
    flag = "--log-format"
    after = [value for name, value in pairwise(arguments) if name == flag]
    joined = [one.partition("=")[2] for one in arguments if one.startswith(f"{flag}=")]
    match [*after, *joined, os.environ.get(f"{ENV_PREFIX}LOG_FORMAT", "")][0]:
        case "json":
            return "json"
        case "console":
            return "console"
        case _:
            return "auto"


def _flags(kind: type[StepSettings], arguments: Sequence[str], program: str) -> dict[str, Any]:
    try:
        source: CliSettingsSource[Any] = CliSettingsSource(
            kind,
            cli_parse_args=[_switch(kind, argument) for argument in arguments],
            cli_prog_name=program,
            cli_kebab_case=True,
            cli_implicit_flags=True,
            cli_exit_on_error=False,
            cli_hide_none_type=True,
            cli_avoid_json=True,
            cli_shortcuts={
                name: short for name, short in _SHORT.items() if name.replace("-", "_") in kind.model_fields
            },
        )
    except SourceError as error:
        raise SettingsError(LOADING, refused_arguments(str(error), arguments, kind.model_fields)) from None
    given = source()
    # An empty flag means "not set", as an empty variable does; but an empty ladder is a mistake worth an error.
    return {name: value for name, value in given.items() if value != "" or name == "ladder"}


def _switch(kind: type[StepSettings], argument: str) -> str:
    """Let a switch take a value too, `--hold=true`, which is how a workflow passes its parameter."""
    flag, _, value = argument.partition("=")
    field = kind.model_fields.get(flag.removeprefix("--").replace("-", "_"))
    if field is None or field.annotation is not bool or value not in {"true", "false"}:
        return argument
    return flag if value == "true" else f"--no-{flag.removeprefix('--')}"


def _config_file(flags: Mapping[str, Any]) -> Path | None:
    named = flags.get("config") or os.environ.get(f"{ENV_PREFIX}CONFIG")
    if named:
        return Path(named)
    return CONFIG_PATH if CONFIG_PATH.exists() else None


def _complaint(
    error: Any,  # noqa: ANN401 - pydantic's error details
    kind: type[StepSettings],
    flags: Mapping[str, Any],
    origins: Mapping[str, str],
) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    flag, variable = f"--{name.replace('_', '-')}", f"{ENV_PREFIX}{name.upper()}"
    if error["type"] == "missing" and len(error["loc"]) == 1:
        return f"{flag} (or {variable}) is required"
    if name in flags:
        origin = flag
    elif os.environ.get(variable):
        origin = variable
    else:
        origin = origins.get(name, flag)
    return complaint(origin, error, kind.model_fields.get(name))
