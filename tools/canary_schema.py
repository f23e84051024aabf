"""Writes docs/canary.schema.json from the settings classes: `make docs`. A test fails when the two differ."""

import sys
from pathlib import Path

from steps.__main__ import STEPS, find
from steps.settings.json_schema import schema_text

FILE = Path(__file__).parents[1] / "docs" / "canary.schema.json"


def text() -> str:
    """Return the schema that the settings classes describe, as `canary-steps schema` prints it."""
    return schema_text(find(name).settings for name in STEPS)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name}\n")
