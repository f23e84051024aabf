"""The stretches of time over which a canary must look healthy before it passes.

A mean hides a fault that began late, and a single scrape does not show a small one. So plain questions are asked over
the last scrapes, over the present rung, and over the whole run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, Counts, Stratum

LAST_SCRAPES: Final = (3, 12)
"""Scrapes with canary traffic that count as the last ones: three as in the guard, and a minute or more."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time.

    Attributes:
        name: as in sentences: "over the last 3 scrapes", "at this weight", "over the run".
        strata: its scrapes.
        present: it lies within the present rung. Earlier faults are excused by a rung that is clearly better.
        last: it consists of the last few scrapes only.
    """

    name: str
    strata: Sequence[Stratum]
    present: bool = True
    last: bool = False

    @property
    def canary(self) -> Counts:
        """The canary's requests in it."""
        return arm_counts(self.strata, Arm.CANARY)

    @property
    def stable(self) -> Counts:
        """Stable's requests in it."""
        return arm_counts(self.strata, Arm.STABLE)


def windows(strata: Sequence[Stratum], rung_started: float) -> tuple[Window, ...]:
    """Return the windows of a series' strata, the present rung first, without those that have no canary traffic."""
    heard = [index for index, stratum in enumerate(strata) if stratum.canary.total]
    if not heard:
        return ()
    exposed = strata[heard[0] :]
    rung = [stratum for stratum in exposed if stratum.end > rung_started]
    found = [Window("at this weight", rung)] if any(stratum.canary.total for stratum in rung) else []
    found += [
        Window(f"over the last {count} scrapes", strata[heard[-count] :], last=True)
        for count in LAST_SCRAPES
        if len(heard) > count
    ]
    if len(rung) < len(exposed) or not found:
        found.append(Window("over the run", exposed, present=False))
    return tuple(found)
