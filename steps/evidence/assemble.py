"""Strata of both arms from a ledger: which slots are all requests, which are bad, which pods are stable's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from steps.evidence.grid import Cell
from steps.evidence.ledger import Ledger, Slot
from steps.evidence.samples import Target
from steps.model.evidence import Arm, Counts, Stratum


@dataclass(frozen=True, slots=True)
class Definition:
    """What is counted: total = sum of `whole`, bad = sum of `bad` less sum of `good`; all are slot numbers."""

    whole: tuple[int, ...]
    bad: tuple[int, ...]
    good: tuple[int, ...] = ()


def strata(
    ledger: Ledger, cells: Sequence[Cell], definition: Definition, started: float, *, by_pod: bool
) -> tuple[Stratum, ...]:
    """Give one stratum per cell; `by_pod`: targets are pods, so stable's spread over them is worth knowing.

    Cells that ended before the run `started` are stable's history: what the canary's name counted then, as an earlier
    run may have, is not this run's.
    """
    pods = _stable_targets(ledger) if by_pod else []
    return tuple(_stratum(ledger, cell, definition, pods, history=cell.end <= started) for cell in cells)


def unclassified(ledger: Ledger, cells: Sequence[Cell], slot: Slot, since: float) -> int:
    """Count the events of one slot after `since`."""
    found = (
        ledger.cells[target][at].get(slot, 0.0) for cell in cells if cell.end > since for target, at in cell.scrapes
    )
    return round(sum(found))


def _stratum(ledger: Ledger, cell: Cell, definition: Definition, pods: Sequence[Target], *, history: bool) -> Stratum:
    found = [(target, ledger.cells[target][at]) for target, at in cell.scrapes]
    stable = _counts((slots for _, slots in found), Arm.STABLE, definition)
    canary = Counts(0, 0) if history else _counts((slots for _, slots in found), Arm.CANARY, definition)
    by_pod: dict[Target, list[Mapping[Slot, float]]] = {}
    for target, slots in found if pods else ():
        by_pod.setdefault(target, []).append(slots)
    split = tuple(_counts(by_pod.get(pod, ()), Arm.STABLE, definition) for pod in pods)
    return Stratum(cell.start, cell.end, stable, canary, split)


def _counts(found: Iterable[Mapping[Slot, float]], arm: Arm, definition: Definition) -> Counts:
    total = bad = 0.0
    for slots in found:
        total += sum(slots.get((arm, number), 0.0) for number in definition.whole)
        bad += sum(slots.get((arm, number), 0.0) for number in definition.bad)
        bad -= sum(slots.get((arm, number), 0.0) for number in definition.good)
    whole = max(0, round(total))
    return Counts(whole, min(max(0, round(bad)), whole))


def _stable_targets(ledger: Ledger) -> list[Target]:
    """Targets that ever counted for stable, in a fixed order."""
    return sorted(
        target
        for target, scrapes in ledger.cells.items()
        if any(arm is Arm.STABLE for slots in scrapes.values() for arm, _ in slots)
    )
