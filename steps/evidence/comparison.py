"""What a run's evidence compares, as far as it was decided before its first read."""

from dataclasses import dataclass
from typing import Final

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.discovery.discovered_names import DiscoveredNames
from steps.evidence.discovery.reporter import Reporter


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the reader uses in place of asking Prometheus; the same at every read of a run.

    Attributes:
        bounds: what slow and small mean, chosen by an earlier step; None = the reader chooses them from stable's past.
        control: label value of the baseline that is compared in place of stable, "" for none.
        reporter: chosen when a recording was made; None = the reader chooses it.
        found: names and labels found when a recording was made; None = the reader finds them.
        is_alone: the canary is judged without stable, which may have no series at all: a hotfix.
    """

    bounds: Bounds | None = None
    control: str = ""
    reporter: Reporter | None = None
    found: DiscoveredNames | None = None
    is_alone: bool = False


WITH_STABLE: Final = Comparison()
"""The canary is compared with stable, and nothing was decided before."""
