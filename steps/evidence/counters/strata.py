"""Strata of both arms from counted increases: which slots are all requests, which are bad, which pods are stable's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from steps.evidence.counters.counter_deltas import Slot
from steps.evidence.counters.scrape_alignment import ScrapeWindow
from steps.evidence.prometheus_api.samples import ScrapeTarget
from steps.model.evidence import Arm, Counts, Stratum

Increases = Mapping[ScrapeTarget, Mapping[float, Mapping[Slot, float]]]
"""Increases by target, time of the scrape (unix seconds) and slot."""


@dataclass(frozen=True, slots=True)
class BadRatio:
    """What is counted: total = sum of `whole`, bad = sum of `bad` less sum of `good`; all are slot numbers.

    Attributes:
        nobodys: slot numbers of the bad requests of which nobody can tell whose they were: those of the application,
            and those that name no service; () = not of this metric.
    """

    whole: tuple[int, ...]
    bad: tuple[int, ...]
    good: tuple[int, ...] = ()
    nobodys: tuple[int, ...] = ()


def build_strata(
    counted: Increases,
    cells: Sequence[ScrapeWindow],
    definition: BadRatio,
    started: float,
    pods: Collection[ScrapeTarget],
) -> tuple[Stratum, ...]:
    """Give one stratum per cell; `pods` are those of stable's, whose spread is worth knowing (none = not known).

    Cells that ended before the run `started` are stable's history: what the canary's name counted then, as an earlier
    run may have, is not this run's.
    """
    ordered = sorted(pods)
    return tuple(_stratum(counted, cell, definition, ordered, history=cell.end <= started) for cell in cells)


def count_events(counted: Increases, cells: Sequence[ScrapeWindow], slot: Slot, since: float) -> int:
    """Count the events of one slot after `since`."""
    found = (counted[target][at].get(slot, 0.0) for cell in cells if cell.end > since for target, at in cell.scrapes)
    return round(sum(found))


def _stratum(
    counted: Increases, cell: ScrapeWindow, definition: BadRatio, pods: Sequence[ScrapeTarget], *, history: bool
) -> Stratum:
    found = [(target, counted[target][at]) for target, at in cell.scrapes]
    stable = _counts((slots for _, slots in found), Arm.STABLE, definition)
    canary = Counts(0, 0) if history else _counts((slots for _, slots in found), Arm.CANARY, definition)
    by_pod: dict[ScrapeTarget, list[Mapping[Slot, float]]] = {}
    for target, slots in found if pods else ():
        by_pod.setdefault(target, []).append(slots)
    split = tuple(_counts(by_pod.get(pod, ()), Arm.STABLE, definition) for pod in pods)
    nobodys = [round(sum(slots.get((None, slot), 0.0) for _, slots in found)) for slot in definition.nobodys]
    return Stratum(cell.start, cell.end, stable, canary, split, sum(nobodys), sum(nobodys[1:]))


def _counts(found: Iterable[Mapping[Slot, float]], arm: Arm, definition: BadRatio) -> Counts:
    total = bad = 0.0
    for slots in found:
        total += sum(slots.get((arm, number), 0.0) for number in definition.whole)
        bad += sum(slots.get((arm, number), 0.0) for number in definition.bad)
        bad -= sum(slots.get((arm, number), 0.0) for number in definition.good)
    whole = max(0, round(total))
    return Counts(whole, min(max(0, round(bad)), whole))


def stable_targets(counted: Increases) -> list[ScrapeTarget]:
    """Give the targets that ever counted for stable, in a fixed order."""
    return sorted(
        target
        for target, scrapes in counted.items()
        if any(arm is Arm.STABLE for slots in scrapes.values() for arm, _ in slots)
    )
