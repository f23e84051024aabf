"""When a claim is renewed."""

from dataclasses import replace
from typing import Final

from steps.model.run import Memory

RENEW_SECONDS: Final = 60.0
"""A renewal is an API write: at most one a minute."""


def is_due(memory: Memory, now: float) -> bool:
    """Tell whether the last renewal is a minute ago."""
    return now - (memory.expires - memory.expiry_seconds) >= RENEW_SECONDS


def renewed(memory: Memory, now: float) -> Memory:
    """Return the memory with a whole expiry before it."""
    return replace(memory, expires=round(now, 1) + memory.expiry_seconds)
