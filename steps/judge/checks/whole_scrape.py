"""One scrape in which the canary fails as a whole, and the failed requests that stable's rate does not explain.

Both are for trials whose alarm only returns the users: one scrape may be an outage that reaches the canary first, so
it condemns nobody by itself.
"""

from collections.abc import Sequence
from typing import Final

from steps.judge.rules import Rules
from steps.model.evidence import Stratum

_WHOLE: Final = 0.9
"""Share of a scrape's canary requests that counts as all of them."""

_MIN_BAD: Final = 6
"""Fewer may be one batch of requests that failed together."""

_STABLE_PART: Final = 0.25
"""A stable that fails so much of the same scrape has the same trouble."""


def whole_scrape(strata: Sequence[Stratum], rules: Rules) -> Stratum | None:
    """Return the first scrape in which the canary fails as a whole while stable does not, or None.

    Args:
        strata: of the errors, since the canary's first request.
        rules: the minimum of bad requests.
    """
    minimum = max(_MIN_BAD, rules.min_bad)
    for stratum in strata:
        canary, stable = stratum.canary, stratum.stable
        whole = canary.bad >= minimum and canary.bad >= _WHOLE * canary.total
        if whole and stable.total and stable.bad < _STABLE_PART * stable.total:
            return stratum
    return None


def excess_failures(strata: Sequence[Stratum], ratio: float = 1.0) -> float:
    """Return the canary's failed requests beyond `ratio` times stable's rate, scrape by scrape; at minimum 0."""
    found = (s.canary.bad - ratio * s.canary.total * s.stable.bad / s.stable.total for s in strata if s.stable.total)
    return max(0.0, sum(found))
