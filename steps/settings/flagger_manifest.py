"""Flagger's Canary manifest where a canary.yaml is expected: its settings, and an account of every field in the log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from steps.errors import SettingsError
from steps.flagger.account import Fate, Line
from steps.flagger.conversion import Converted, converted
from steps.flagger.documents import is_flaggers
from steps.model.secrecy import shown
from steps.settings.base import StepSettings
from steps.settings.config_file import CONFIG_PATH, FileSettings, documents_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LEVELS = {Fate.TAKEN: "info", Fate.REPLACED: "info", Fate.DROPPED: "warning", Fate.REFUSED: "error"}


def manifest_settings(
    kind: type[StepSettings], file: Path, documents: Sequence[object], given: Mapping[str, Any]
) -> FileSettings:
    """Return the settings of a manifest; the steps that begin a release log what became of each field.

    Args:
        kind: the step's settings class.
        file: for messages.
        documents: of the file.
        given: flags and variables, among them perhaps the app and the weight.

    Raises:
        SettingsError: a field is refused, or the app is not in the file.
    """
    doing = f"reading Flagger's Canary from {file}"
    found = converted(documents, str(given.get("app") or ""), doing)
    if kind.gives_account:
        _log(found.account)
    if found.refused:
        raise SettingsError(doing, "; ".join(f"{one.path}{_value(one)}: {one.text}" for one in found.refused))
    gates = found.webhooks.gates
    if gates and kind.cannot_wait:
        cause = (
            f"its webhook of type {gates[0]} lets a person decide, and this step waits for nobody. Release step by "
            "step, with `analyze --hold`, or remove the webhook"
        )
        raise SettingsError(doing, cause)
    held = {"hold": True} if _is_held(found, given) else {}
    return FileSettings({**found.settings, **held}, {**found.origins, "hold": "spec.analysis.webhooks"})


def read_manifest(path: str, app: str) -> Converted | None:
    """Return the manifest of a file, None if the file is a canary.yaml or absent.

    Raises:
        SettingsError: the file cannot be read, or the app is not in it.
    """
    file = Path(path) if path else CONFIG_PATH
    if file == CONFIG_PATH and not file.exists():
        return None
    documents = documents_of(file)
    return converted(documents, app, f"reading {file}") if is_flaggers(documents) else None


def _is_held(found: Converted, given: Mapping[str, Any]) -> bool:
    """Return whether an analysis waits for a person: on each weight or, where a promotion is confirmed, on the last."""
    gates, weight = found.webhooks.gates, given.get("weight")
    last = [str(one) for one in found.settings.get("ladder") or []][-1:]
    is_last = weight is None or [str(weight)] == last
    return "confirm-traffic-increase" in gates or ("confirm-promotion" in gates and is_last)


def _log(account: Sequence[Line]) -> None:
    for line in account:
        said = {"value": shown(line.path, line.value)} if line.value else {}
        getattr(log, _LEVELS[line.fate])(f"flagger.{line.fate}", field=line.path, **said, detail=line.text)


def _value(line: Line) -> str:
    return f" = {shown(line.path, line.value)}" if line.value else ""
