"""Names that state the role of an arm: such an arm keeps its role, and the two never take turns (pure)."""

import re

_SERVING = frozenset({"stable", "primary", "production", "prod", "main", "live", "baseline"})
_TESTED = frozenset({"canary", "preview", "next", "candidate", "experiment", "beta", "test", "staging"})


def state_roles(stable: str, canary: str) -> bool:
    """Return whether the names of two arms say which of them serves, in the parts in which they differ."""
    serving, tested = _words(stable) - _words(canary), _words(canary) - _words(stable)
    return bool(serving & _SERVING or tested & _TESTED)


def serving_name(names: tuple[str, str]) -> str | None:
    """Return the one of two names that states that it serves, None where they do not say."""
    first, second = names
    if state_roles(first, second) and not state_roles(second, first):
        return first
    if state_roles(second, first) and not state_roles(first, second):
        return second
    return None


def _words(name: str) -> set[str]:
    return set(re.split(r"[-./]", name))
