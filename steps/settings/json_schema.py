"""The JSON schema of canary.yaml, for editors, linters and charts: every setting of every step, as a file may hold it.

Draft 07, the newest that editors and Helm read, and in the strict form of SchemaStore: no union types, and patterns in
the syntax that Python, JavaScript and RE2 share. It never refuses what a step accepts, except for the spellings that
docs/canary-yaml.md names; what only a step can know, such as rules between two settings, it leaves to the step.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from steps.model.canary_yaml import MODELINE, SCHEMA_URL
from steps.settings.base import StepSettings
from steps.settings.hotfix import ONE_RUN_ONLY

_NOTES: Final = frozenset({"description", "default", "examples"})
"""Keywords that explain a value and refuse none."""

_HEAD: Final = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": SCHEMA_URL,
    "title": "canary.yaml of canary-steps",
    "description": "Settings of all steps for one app. Flags and variables override them.",
    "type": "object",
    "additionalProperties": False,
}


SCHEMA_HELP: Final = f"""\
usage: canary-steps schema > canary.schema.json

Print the JSON schema (draft 07) of canary.yaml: all settings of all steps, with their meaning, type and range.
The same schema is published; editors use it if this is the first line of the file:

  {MODELINE}
"""


class _Generator(GenerateJsonSchema):
    """Pydantic's generator without a title for each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - as pydantic declares it
        del schema
        return False


def canary_yaml_schema(kinds: Iterable[type[StepSettings]]) -> dict[str, Any]:
    """Return the JSON schema of canary.yaml.

    Args:
        kinds: settings classes of all steps, since one file serves them all.
    """
    variants: dict[str, list[JsonSchemaValue]] = {}
    definitions: dict[str, Any] = {}
    for kind in kinds:
        generated = kind.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Generator)
        definitions.update(generated.get("$defs", {}))
        for name, schema in generated["properties"].items():
            if name in ONE_RUN_ONLY:
                continue
            variants.setdefault(name, []).append(_readable(schema))
    return {
        **_HEAD,
        "properties": {_kebab(name): _merged(variants[name]) for name in sorted(variants)},
        "patternProperties": {
            f"^{name}$": {"$ref": f"#/properties/{_kebab(name)}"} for name in sorted(variants) if "_" in name
        },
        "definitions": {name: _readable(definitions[name]) for name in sorted(definitions)},
    }


def schema_text(kinds: Iterable[type[StepSettings]]) -> str:
    """Return the schema as it is printed and published."""
    return json.dumps(canary_yaml_schema(kinds), indent=2, ensure_ascii=False) + "\n"


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _readable(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a schema without defaults that say nothing, and with whole numbers as people write them."""
    if isinstance(schema, Mapping):
        kept = {key: value for key, value in schema.items() if key != "default" or value not in ("", None, [], {})}
        return {key: _readable(value) for key, value in kept.items()}
    if isinstance(schema, list | tuple):
        return [_readable(one) for one in schema]
    return int(schema) if isinstance(schema, float) and schema.is_integer() else schema


def _merged(variants: Sequence[JsonSchemaValue]) -> JsonSchemaValue:
    """Return one schema for a setting that steps define differently: it accepts what any of them does.

    The words are those of most steps.
    """
    usual = max(variants, key=variants.count)
    notes = {key: usual[key] for key in sorted(_NOTES) if key in usual}
    if any(one.get("default") != notes.get("default") for one in variants):
        notes.pop("default", None)
    bare = [{key: value for key, value in one.items() if key not in _NOTES} for one in variants]
    forms = _widest([form for one in bare for form in one.get("anyOf", [one])])
    return {**notes, **(forms[0] if len(forms) == 1 else {"anyOf": forms})}


def _widest(forms: Sequence[JsonSchemaValue]) -> list[JsonSchemaValue]:
    """Return the forms without those that another one includes; choices of the same type become one list."""
    found: list[JsonSchemaValue] = []
    for form in forms:
        if any(other.items() <= form.items() for other in found):
            continue
        found = [other for other in found if not form.items() <= other.items()]
        same = next((other for other in found if "enum" in other and {**other, "enum": form.get("enum")} == form), None)
        if same is None:
            found.append(dict(form))
        else:
            same["enum"] = [*same["enum"], *(one for one in form["enum"] if one not in same["enum"])]
    return found
