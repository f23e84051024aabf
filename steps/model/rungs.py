"""The verdict of a rung, as the claim stores it."""

from dataclasses import dataclass
from typing import Final

BY_POLICY: Final = "by policy, inconclusive"
"""Note of a pass by `--on-inconclusive pass`."""
BY_HAND: Final = "by hand, inconclusive"
"""Note of a pass by a person who approved a rung without a verdict (`--on-inconclusive pause`)."""


IN_BAKE: Final = "in bake, after the promotion"
"""Note of a fail after the promotion, which undoes it."""


@dataclass(frozen=True, slots=True)
class RungVerdict:
    """The verdict of one rung.

    Args:
        weight: the rung, percent, 1-100.
        verdict: `pass`, `fail` or `inconclusive`.
        at: when it was reached, unix seconds by the API server.
        note: why a pass is not the judge's own, `BY_POLICY` or `BY_HAND`; or `IN_BAKE`; "" for the judge's own.
    """

    weight: int
    verdict: str
    at: float
    note: str = ""
