"""Lists of text: YAML lists, or text with commas from a flag or a variable."""

from typing import Any

from steps.settings.written_forms import ReadsAlso, text_form


def split_commas(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything
    """Turn text with commas into a list; anything else stays what it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


CommaSeparated = ReadsAlso(split_commas, text_form("Entries separated by commas."))
"""A field that takes a list, or text separated by commas."""
