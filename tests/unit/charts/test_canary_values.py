"""The generated files of the chart `canary`."""

from __future__ import annotations

import json

import yaml
from jsonschema import Draft7Validator

from steps.__main__ import STEPS, find
from steps.settings.hotfix import ONE_RUN_ONLY
from tools.charts import canary_metadata, canary_values

VALUES = yaml.safe_load((canary_values.CHART / "values.yaml").read_text(encoding="utf-8"))


def test_the_schema_is_what_the_settings_say() -> None:
    """`make docs` was run after the last change."""
    assert canary_values.text() == canary_values.FILE.read_text(encoding="utf-8")


def test_its_metadata_is_that_of_both_charts() -> None:
    """`make docs` was run after a new version or image."""
    assert canary_metadata.text() == canary_metadata.FILE.read_text(encoding="utf-8")


def test_the_defaults_fit_the_schema_and_every_value_has_a_default() -> None:
    """A value that is only in one of both is not documented, or refused."""
    schema = json.loads(canary_values.text())
    Draft7Validator.check_schema(schema)
    assert [] == list(Draft7Validator(schema).iter_errors(VALUES))
    assert set(schema["properties"]) - {"global"} == set(VALUES)


def test_every_setting_may_be_given_but_those_that_the_chart_sets() -> None:
    """A new setting reaches the chart by `make docs`."""
    schema = json.loads(canary_values.text())
    known = {name.replace("_", "-") for step in STEPS for name in find(step).settings.model_fields}
    given = set(schema["definitions"]["values"]["settings"]["properties"])
    assert canary_values.SET_BY_CHART | ONE_RUN_ONLY == known - given
