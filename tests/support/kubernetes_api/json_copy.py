"""Copies of plain JSON by `marshal`, many times as fast as `copy.deepcopy`, which took most of a busy lab's time."""

from __future__ import annotations

import marshal
from typing import Any, TypeVar, cast

Item = TypeVar("Item")


def copied(item: Item) -> Item:
    """Return a deep copy of what JSON can hold; another value raises ValueError."""
    json_like: Any = item
    return cast("Item", marshal.loads(marshal.dumps(json_like)))  # noqa: S302 - the bytes are our own
