"""A problem that a survey found: what doctor prints."""

from dataclasses import dataclass
from typing import Literal

Gravity = Literal["refuses", "warns", "notes"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is in the way of a release, or worth knowing before it.

    Args:
        code: a word for filters, such as "foreign-pods".
        about: the object, "Service shop/cart".
        text: one or two sentences: what is wrong, and what users would see.
        remedies: ways out, each a line or lines to copy (a command, or flags of the release); best first.
            Advice that no line expresses is in `text`.
        gravity: whether it stops a release, is worth knowing before one, or is harmless.
    """

    code: str
    about: str
    text: str
    remedies: tuple[str, ...] = ()
    gravity: Gravity = "refuses"

    def __str__(self) -> str:
        lines = [f"{self.about}: {self.text}", *(f"Remedy: {one}" for one in self.remedies)]
        return "\n".join(lines)
