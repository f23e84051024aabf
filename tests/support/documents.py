"""Parsed documents."""

from collections.abc import Iterator
from typing import Any

import yaml


def yaml_objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a YAML file; libyaml reads it many times as fast as `yaml.safe_load_all`."""
    return [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]


def strings(value: object) -> Iterator[str]:
    """Yield all strings in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
