"""What an app's claim and last record mean for a person: one row of the board."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from steps.board_server import commands
from steps.board_server.commands import Command
from steps.board_server.running import Running, describe
from steps.model.listing import ListedApp
from steps.model.run import Claim, Record
from steps.model.times import date_and_time
from steps.outputs.trials import followed, returns


class State(StrEnum):
    """What is the matter with an app; the order is that of the filter."""

    WAITING = "waiting"
    EXPIRED = "expired"
    UNREADABLE = "unreadable"
    RUNNING = "running"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    PROMOTED = "promoted"


MEANINGS: Final = {
    State.WAITING: "a run waits for a person",
    State.EXPIRED: "a run died and nobody has recovered it yet",
    State.UNREADABLE: "an annotation is damaged, or a newer version wrote it",
    State.RUNNING: "a run is on its way",
    State.FAILED: "the last release was rolled back or undone",
    State.INCONCLUSIVE: "too quiet or too unclear to be judged",
    State.PROMOTED: "the last release was promoted, or had nothing to do",
}
NEEDS_A_PERSON: Final = frozenset({State.WAITING, State.EXPIRED, State.UNREADABLE})

_NOT_A_DATE = (ValueError, TypeError, AttributeError, ArithmeticError, OSError)
"""What a damaged annotation raises, also where a number cannot be a time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One app as the board shows it.

    Args:
        state: what it is filtered and sorted by.
        word: the state in the field's own word: "rolled back", "walking".
        at: when that began or ended (unix seconds, a date); 0 if unknown.
        at_word: "since" or "ended".
        weight: of the canary, percent; None where no run is known.
        rung: "rung 2 of 3", "" if unknown.
        sentence: why, or how far.
        commands: what to type.
        run: id of the run the row is about.
        by: who started it.
        earlier: outcome of the release before the present run, "" for none, and when it ended.
        needs_a_person: whether it stands still until somebody acts.
    """

    state: State
    word: str
    at: float = 0.0
    at_word: str = "ended"
    weight: int | None = None
    rung: str = ""
    sentence: str = ""
    commands: Sequence[Command] = ()
    run: str = ""
    by: str = ""
    earlier: tuple[str, float] = ("", 0.0)
    needs_a_person: bool = False


def row_of(app: ListedApp) -> Row:
    """Return the row of an app; an annotation that no other check has caught makes it unreadable."""
    try:
        row = _row(app)
        for at in (row.at, row.earlier[1]):
            date_and_time(at)
    except _NOT_A_DATE as error:
        where = f"the annotations of {app.app} on VirtualService {app.virtual_service}"
        return Row(
            State.UNREADABLE,
            "unreadable",
            sentence=f"{where} hold a value that cannot be shown ({error}).",
            needs_a_person=True,
        )
    return row


def _row(app: ListedApp) -> Row:
    if app.claim is not None:
        return _of_claim(app, app.claim)
    if app.unreadable:
        return Row(State.UNREADABLE, "unreadable", sentence=" ".join(app.unreadable), needs_a_person=True)
    if app.record is not None:
        return _of_record(app.record)
    return Row(State.UNREADABLE, "unreadable")


def _of_claim(app: ListedApp, claim: Claim) -> Row:
    known = describe(claim)
    state, word, at, sentence, lines = _standing(app, claim, known)
    earlier = (_words(app.record.outcome), app.record.ended) if app.record else ("", 0.0)
    return Row(
        state=state,
        word=word,
        at=at,
        at_word="since",
        weight=claim.state.weight,
        rung=known.rung,
        sentence=" ".join([sentence, *app.unreadable]),
        commands=lines,
        run=claim.run,
        by=claim.state.by,
        earlier=earlier,
        needs_a_person=state is not State.RUNNING,
    )


def _standing(app: ListedApp, claim: Claim, known: Running) -> tuple[State, str, float, str, tuple[Command, ...]]:
    """Return state, word, moment, sentence and commands of an app with a claim."""
    holder, began = app.virtual_service, claim.state.started
    rollback = commands.roll_back(claim, holder)
    if app.is_expired:
        said = f"The run stopped renewing its claim while {known.phase}; the next sweep, or the app's next release, "
        ended = f"{said}brings users back to stable."
        return State.EXPIRED, "expired", claim.state.expires, ended, (commands.sweep(holder),)
    if known.waiting_since:
        approve = commands.approve(claim, holder)
        said = f"Waits for a person's approval. {known.sentence}"
        return State.WAITING, "waits for approval", known.waiting_since, said, (approve, rollback)
    if known.is_undecided:
        again = commands.judge_again(claim, holder)
        return State.INCONCLUSIVE, "inconclusive", known.judged_at, known.sentence, (again, rollback)
    return State.RUNNING, known.phase, began, known.sentence, ()


def _of_record(record: Record) -> Row:
    return Row(
        state=_state_of(record),
        word=_words(record.outcome),
        at=record.ended,
        sentence=_sentence(record),
        run=record.run,
        by=record.by,
    )


def _sentence(record: Record) -> str:
    hotfix = f"Hotfix: {record.hotfix}. " if record.hotfix else ""
    before = returns(followed(record.trials, record.weights))
    return f"{hotfix}{record.reason}{f'. {before}' if before else ''}"


def _state_of(record: Record) -> State:
    if record.outcome in {"promoted", "noop"}:
        return State.PROMOTED
    return State.INCONCLUSIVE if record.verdict == "inconclusive" else State.FAILED


def _words(outcome: str) -> str:
    return "nothing to do" if outcome == "noop" else outcome.replace("-", " ")
