"""When a claim is renewed."""

from dataclasses import replace
from typing import Final

from steps.model.run import Memory

RENEW_SECONDS: Final = 60.0
"""A renewal is an API write: at most one a minute."""
_SHARE: Final = 1 / 3
"""Of a short expiry: a claim of 30 s that is renewed once a minute would be swept under a living run."""


def is_due(memory: Memory, now: float) -> bool:
    """Tell whether the last renewal is a minute ago, or a third of the expiry where that is less."""
    since = now - (memory.expires - memory.expiry_seconds)
    return since >= min(RENEW_SECONDS, memory.expiry_seconds * _SHARE)


def renewed(memory: Memory, now: float) -> Memory:
    """Return the memory with a whole expiry before it."""
    return replace(memory, expires=round(now, 1) + memory.expiry_seconds)
