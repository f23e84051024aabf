"""Writes docs/settings.md from the settings classes: `make docs`. A test fails when the two differ."""

import json
import sys
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from steps.__main__ import STEPS, find

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
_HEAD = """\
# Settings

Written by `make docs` from the settings classes. The value of a setting comes from the first of: its flag, its
environment variable, `canary.yaml` (`--config`), its default. An empty flag or variable counts as not set. Names follow
by rule: `--prometheus-url` = `CANARY_PROMETHEUS_URL` = `prometheus-url` in canary.yaml and in Argo and Tekton YAML.

| setting | steps | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as it should be."""
    fields: dict[str, FieldInfo] = {}
    used: dict[str, list[str]] = {}
    for step in STEPS:
        for name, field in find(step).settings.model_fields.items():
            fields.setdefault(name, field)
            used.setdefault(name, []).append(step)
    rows = [_row(name, fields[name], used[name]) for name in sorted(fields)]
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo, steps: list[str]) -> str:
    where = "all" if len(steps) == len(STEPS) else ", ".join(steps)
    meaning = " ".join(filter(None, (field.description, allowed(field))))
    return f"| `{name.replace('_', '-')}` | {where} | {_default(field)} | {meaning.replace('|', '/')} |"


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if default is PydanticUndefined:
        return "required"
    if default in ("", None, (), {}):
        return "-"
    if isinstance(default, tuple):
        return f"`{','.join(map(str, default))}`"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def allowed(field: FieldInfo) -> str:
    """Return the range or the choices of a setting as a sentence, empty where there are none."""
    bounds = {
        sign: getattr(entry, key)
        for entry in field.metadata
        for key, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
        if getattr(entry, key, None) is not None
    }
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    said = ", ".join(f"{sign} {value:g}" for sign, value in bounds.items())
    return f"Allowed: {said or ', '.join(choices)}." if said or choices else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
