"""A reason that a person gives, as one line of text."""

from typing import Annotated, Final

from pydantic import AfterValidator

_NO_REASONS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "none", "null", "nil"})
"""Values of a switch, which are not reasons: `--unjudged=false` must not promote."""


def _is_a_sentence(value: str) -> str:
    text = " ".join("".join(one if one.isprintable() else " " for one in value).split())
    if value and (not any(map(str.isalpha, text)) or text.lower() in _NO_REASONS):
        raise ValueError('must give the reason in a sentence, for example "no traffic at night, tested by hand"')
    return text


Sentence = Annotated[str, AfterValidator(_is_a_sentence)]
"""Text on one line without what a terminal would obey; "" is none, the words of a switch are refused."""
