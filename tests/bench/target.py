"""A target of the project beside what was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One target: its name, the limit in words, the measured figure, and whether the limit is met."""

    what: str
    limit: str
    measured: str
    met: bool
