"""What a query of Prometheus computes: a ratio of two counters or a quantile of a histogram."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"{{-?\s*([A-Za-z_][A-Za-z0-9_.]*)\s*-?}}")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher: label, operator (=, !=, =~, !~) and value."""

    label: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Series:
    """Series of one metric."""

    metric: str
    matchers: frozenset[Matcher]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Increase of one counter divided by that of another, times `scale`; or `scale` minus that."""

    part: Series
    whole: Series
    scale: float = 1.0
    is_complement: bool = False


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile (0-1) of a histogram, times `scale`."""

    quantile: float
    buckets: Series
    scale: float = 1.0


Form = Ratio | Quantile


def rendered(query: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """Return a query with its variables filled in, and the first variable that has no value, "" for none."""
    missing = next((name for name in _VARIABLE.findall(query) if name not in variables), "")
    return _VARIABLE.sub(lambda found: variables.get(found[1], ""), query), missing
