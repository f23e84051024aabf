"""Writes docs/settings.md from the settings classes: `make docs`. A test fails when the two differ."""

import json
import sys
from pathlib import Path

from pydantic.fields import FieldInfo

from steps.__main__ import STEPS, find
from tools.setting_text import allowed_choices, allowed_range, has_default, is_required

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
_HEAD = """\
# Settings

Written by `make docs` from the settings classes. The value of a setting comes from the first of:
its flag, its environment variable, `canary.yaml` (`--config`), its default. An empty flag or
variable counts as not set. All names follow one rule: `--prometheus-url` =
`CANARY_PROMETHEUS_URL` = `prometheus-url` in canary.yaml and in Argo and Tekton YAML.

| setting | steps | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """Return the page that the settings classes describe."""
    fields: dict[tuple[str, str], FieldInfo] = {}  # a setting whose choices differ between steps has several rows
    steps_by_setting: dict[tuple[str, str], list[str]] = {}
    for step in STEPS:
        for name, field in find(step).settings.model_fields.items():
            key = name, allowed_choices(field)
            fields.setdefault(key, field)
            steps_by_setting.setdefault(key, []).append(step)
    rows = [_row(key[0], fields[key], steps_by_setting[key]) for key in sorted(fields)]
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo, steps: list[str]) -> str:
    used_by = "all" if len(steps) == len(STEPS) else ", ".join(steps)
    allowed = allowed_range(field) or allowed_choices(field)
    meaning = " ".join(filter(None, (field.description, allowed)))
    return f"| `{name.replace('_', '-')}` | {used_by} | {_default(field)} | {meaning.replace('|', '/')} |"


def _default(field: FieldInfo) -> str:
    if is_required(field):
        return "required"
    if not has_default(field):
        return "-"
    if isinstance(field.default, tuple):
        return f"`{','.join(map(str, field.default))}`"
    return f"`{field.default if isinstance(field.default, str) else json.dumps(field.default)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
