"""The file with the settings of all steps: found, read, and compared with the settings that exist."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steps.errors import SettingsError
from steps.settings.complaints import unknown_setting
from steps.settings.hotfix import ONE_RUN_ONLY
from steps.settings.yaml_text import text_of, yaml_documents

CONFIG_PATH = Path("/etc/canary-steps/canary.yaml")
LOADING = "reading the settings"


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Settings that a file gives.

    Args:
        values: by name, with underscores.
        origins: what messages call the place in the file, where it is not the setting's name in YAML.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


def documents_of(file: Path) -> list[object]:
    """Return the YAML documents of a file.

    Raises:
        SettingsError: it cannot be read, is not YAML, or is too large.
    """
    try:
        return yaml_documents(text_of(file))
    except OSError as error:
        raise SettingsError(LOADING, f"{file}: {error.strerror}; name a readable file with --config") from error
    except ValueError as error:
        raise SettingsError(LOADING, f"{file}: {error}") from error


def canary_yaml(file: Path, documents: Sequence[object], known: Callable[[], frozenset[str]]) -> FileSettings:
    """Return the settings of a canary.yaml.

    Raises:
        SettingsError: it is not a map of settings, or names one that no step has.
    """
    if len(documents) > 1:
        raise SettingsError(LOADING, f"{file}: must hold one YAML document, not {len(documents)}")
    content = documents[0] if documents else None
    if content is None:
        return FileSettings()
    if not isinstance(content, dict):
        raise SettingsError(LOADING, f"{file}: must hold `name: value` pairs, not a {type(content).__name__}")
    names = known()
    strange = [name for name in content if str(name).replace("-", "_") not in names]
    if strange:
        lines = [f"{file}: {unknown_setting(str(name), content[name], names)}" for name in strange]
        raise SettingsError(LOADING, "; ".join(lines))
    values: dict[str, Any] = {}
    for name, value in content.items():
        field_name = str(name).replace("-", "_")
        if field_name in values:
            raise SettingsError(LOADING, f"{file}: {name} is given twice, with '-' and with '_': keep one of the lines")
        values[field_name] = value
    if once := sorted(ONE_RUN_ONLY & values.keys()):
        cause = f"{file}: {', '.join(once)}: holds for one run alone; give it by a flag, as in --{once[0]}"
        raise SettingsError(LOADING, cause)
    return FileSettings(values)
