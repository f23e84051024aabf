"""Where the JSON schema of canary.yaml is published."""

from typing import Final

SCHEMA_URL: Final = "https://raw.githubusercontent.com/canary-steps/canary-steps/main/docs/canary.schema.json"
MODELINE: Final = f"# yaml-language-server: $schema={SCHEMA_URL}"
"""First line of a canary.yaml, by which editors check and complete it."""
