"""Strings inside parsed documents."""

from collections.abc import Iterator


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
