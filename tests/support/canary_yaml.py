"""canary.yaml as its two readers see it: the JSON schema, and the settings classes of the steps."""

from __future__ import annotations

from typing import Any, Final

from jsonschema import Draft7Validator
from pydantic import BaseModel, ValidationError

from steps.__main__ import STEPS, find
from steps.settings.base import StepSettings
from steps.settings.hotfix import ONE_RUN_ONLY
from steps.settings.json_schema import canary_yaml_schema

SCHEMA: Final[dict[str, Any]] = canary_yaml_schema(find(name).settings for name in STEPS)
VALIDATOR: Final = Draft7Validator(SCHEMA)
KINDS: Final[tuple[type[StepSettings], ...]] = tuple(find(step).settings for step in STEPS)
FIELDS: Final = sorted({name for kind in KINDS for name in kind.model_fields} - ONE_RUN_ONLY)
NEEDED: Final = {
    "app": "till",
    "weight": 3,
    "engine": "tekton",
    "image": "shop",
    "webhook_url_file": "/url",
    "recording": "run.jsonl",
}
"""A value for each setting that some step requires."""


def accepted(name: str, value: Any) -> bool:  # noqa: ANN401 - any value that a file may hold
    """Return whether any step that has the setting takes the value from a file."""
    return any(_takes(kind, name, value) for kind in KINDS if name in kind.model_fields)


def _takes(kind: type[StepSettings], name: str, value: Any) -> bool:  # noqa: ANN401 - see `accepted`
    needed = {key: given for key, given in NEEDED.items() if key in kind.model_fields and key != name}
    try:
        # As `kind(...)` without its sources, which are built anew for each object and give only what is given here.
        BaseModel.__init__(kind.__new__(kind), **{**needed, name: value})
    except ValidationError:
        return False
    return True
