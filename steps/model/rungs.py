"""The verdict of a rung, as the claim keeps it."""

from dataclasses import dataclass
from typing import Final

BY_POLICY: Final = "by policy, inconclusive"
"""Note of a pass that `--on-inconclusive pass` gave."""
BY_HAND: Final = "by hand, inconclusive"
"""Note of a pass that a person gave by approving a rung without a verdict (`--on-inconclusive pause`)."""


@dataclass(frozen=True, slots=True)
class RungVerdict:
    """What was said of one rung.

    Args:
        weight: the rung, percent, 1-100.
        verdict: `pass`, `fail` or `inconclusive`.
        at: when it was said, unix seconds, the API server's.
        note: why a pass is not the judge's own: `BY_POLICY` or `BY_HAND`; "" where it is.
    """

    weight: int
    verdict: str
    at: float
    note: str = ""
