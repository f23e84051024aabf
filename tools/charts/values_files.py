"""values.yaml, values.schema.json and the table of values, written from a model of the values."""

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from pydantic import BaseModel

from tools.charts.conditions import Json
from tools.tekton.yaml_writer import flow

_COLUMNS = 118


def schema_of(model: type[BaseModel], **more: object) -> Json:
    """Return the JSON schema of a chart's values, without references, as Helm checks them.

    Args:
        model: the values; a nested model is a section.
        more: keywords to add at the top, for example conditions between values.
    """
    schema = model.model_json_schema(by_alias=True)
    found = _inlined(schema, schema.get("$defs", {}))
    return {"$schema": "http://json-schema.org/draft-07/schema#", **found, **more}


def values_schema(schema: Json) -> str:
    """Return values.schema.json."""
    # Helm hands the values of a parent chart to its dependencies under this key.
    shared = {"global": {"type": "object", "description": "Values that Helm shares between charts."}}
    return json.dumps({**schema, "properties": {**schema["properties"], **shared}}, indent=2) + "\n"


def values_yaml(schema: Json) -> str:
    """Return values.yaml: every default with what it means."""
    head = "# Written by `make docs`; values.schema.json has the types and ranges."
    return "\n".join([head, *_section(schema, 0), ""])


def values_table(schema: Json) -> str:
    """Return the table of all values for a README."""
    rows = [f"| `{path}` | `{json.dumps(one['default'])}` | {_meaning(one)} |" for path, one in _leaves(schema, "")]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows])


def _section(schema: Json, indent: int) -> Iterator[str]:
    space = " " * indent
    for key, one in schema["properties"].items():
        yield from ([] if indent else [""])
        yield from (f"{space}# {line}" for line in wrap(one["description"], _COLUMNS - indent - 2))
        if "properties" in one:
            yield f"{space}{key}:"
            yield from _section(one, indent + 2)
        else:
            default = one["default"]
            yield f"{space}{key}: {flow(default) if default and isinstance(default, str) else json.dumps(default)}"


def _leaves(schema: Json, prefix: str) -> Iterator[tuple[str, Json]]:
    for key, one in schema["properties"].items():
        if "properties" in one:
            yield from _leaves(one, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", one


def _meaning(one: Json) -> str:
    choices = one.get("enum") or one.get("items", {}).get("enum") or []
    allowed = f" Allowed: {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    if "minimum" in one:
        allowed = f" Allowed: {one['minimum']} to {one['maximum']}."
    return f"{one['description']}{allowed}".replace("|", "\\|")


def _inlined(value: Any, definitions: Json) -> Any:  # noqa: ANN401 - JSON
    """Return a schema without references, and without titles and defaults of sections, which only repeat."""
    if isinstance(value, list):
        return [_inlined(one, definitions) for one in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _inlined(definitions[value["$ref"].rpartition("/")[2]], definitions)
    kept = {key: one for key, one in value.items() if key != "$defs" and not (key == "title" and isinstance(one, str))}
    return {key: _inlined(one, definitions) for key, one in kept.items()}
