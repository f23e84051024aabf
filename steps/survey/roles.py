"""What names say about two arms: `cart-stable` and `cart-canary` state roles, `cart-v1` and `cart-v2` do not (pure).

In the swap topology the arms take turns, which would make such names lie.
"""

import re
from collections.abc import Sequence

from steps.model.run import Destination

_SERVES = frozenset({"stable", "primary", "production", "prod", "live", "main", "current", "old"})
_TESTED = frozenset(
    {"canary", "preview", "next", "candidate", "experiment", "experimental", "beta", "new", "test", "staging"}
)
_SEPARATORS = re.compile(r"[-./]")


def stable_by_name(first: Sequence[str], second: Sequence[str]) -> bool | None:
    """Return whether the first of two arms is stable by its names; None where the names state no roles.

    Words that both arms have (`prod` in `prod-cart-v1` and `prod-cart-v2`) say nothing.

    Args:
        first: names of one arm: its Deployment, or its host and subset.
        second: of the other.
    """
    one, other = _words(first), _words(second)
    score = _lean(one - other) - _lean(other - one)
    return None if score == 0 else score > 0


def names_in(destination: Destination) -> tuple[str, str]:
    """Return the names in a destination: the Service's without its domain, and the subset's."""
    return destination.host.partition(".")[0], destination.subset


def _words(names: Sequence[str]) -> frozenset[str]:
    return frozenset(word for name in names for word in _SEPARATORS.split(name.lower()) if word)


def _lean(words: frozenset[str]) -> int:
    """Return 1 for the name of a serving arm, -1 for one under test, 0 for neither or both."""
    return bool(words & _SERVES) - bool(words & _TESTED)
