"""What a person asked to see: the query of a page's address, and the apps that it selects, in order."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, urlencode

from steps.board_server.rows import Row, State
from steps.board_server.snapshot import Entry

_MAX_FIELDS: Final = 20
_MAX_REFRESH: Final = 3600
_MAX_DIGITS: Final = 4
_RECENT_SECONDS: Final = 86400
"""How long a failed release stays above running ones."""

_ORDER: Final = (
    State.WAITING,
    State.EXPIRED,
    State.UNREADABLE,
    State.FAILED,
    State.INCONCLUSIVE,
    State.RUNNING,
    State.PROMOTED,
)
"""Of apps that need a person and of those that do not; failures that are older than a day come last."""


class BadQuery(ValueError):  # noqa: N818 - an answer to a person
    """The query of an address cannot be used; the text names the parameter and what it may be."""


@dataclass(frozen=True, slots=True)
class Query:
    """Filters of the page, all of which must match.

    Args:
        namespace: exact, "" for all.
        app: part of the app's name, in any case; "" for all.
        state: one state, None for all.
        refresh: seconds until the page loads itself again, 0 for never, None for the board's default.
    """

    namespace: str = ""
    app: str = ""
    state: State | None = None
    refresh: int | None = None

    def selects(self, entry: Entry) -> bool:
        """Return whether an app is shown."""
        return (
            self.namespace in {"", entry.app.namespace}
            and self.app.casefold() in str(entry.app.app).casefold()
            and self.state in {None, entry.row.state}
        )

    def address(self, **changes: object) -> str:
        """Return the relative address of the page with changes to the query."""
        one = replace(self, **changes)  # type: ignore[arg-type]  # names and types are those of the fields
        fields = {"namespace": one.namespace, "app": one.app, "state": one.state or "", "refresh": one.refresh}
        given = {name: str(value) for name, value in fields.items() if value not in {"", None}}
        return f"?{urlencode(given, errors='replace')}"


def read_query(text: str) -> Query:
    """Return the query of an address; parameters that it does not know are ignored.

    Raises:
        BadQuery: a value is out of its range, or there are too many parameters.
    """
    fields = given(text)
    state = fields.get("state", "")
    if state and state not in set(State):
        raise BadQuery(f"state = {state[:40]!r}: must be one of {', '.join(State)}")
    return Query(
        fields.get("namespace", ""),
        fields.get("app", ""),
        State(state) if state else None,
        _refresh(fields.get("refresh")),
    )


def given(text: str) -> dict[str, str]:
    """Return the parameters of an address; of one that is there twice, the last counts.

    Raises:
        BadQuery: there are too many parameters.
    """
    try:
        return {key: values[-1].strip() for key, values in parse_qs(text, max_num_fields=_MAX_FIELDS).items()}
    except ValueError as error:
        raise BadQuery(f"the address has more than {_MAX_FIELDS} parameters") from error


def _refresh(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) <= _MAX_REFRESH):
        raise BadQuery(f"refresh = {text[:40]!r}: must be a whole number of seconds, 0 (never) to {_MAX_REFRESH}")
    return int(text)


def in_order(entries: Iterable[Entry], now: float) -> list[Entry]:
    """Return the apps so that what needs a person comes first; of two alike, the one of the newer moment.

    Failures of the last day stand above running releases, older ones at the end.
    """
    return sorted(entries, key=lambda one: (*_urgency(one.row, now), one.app.namespace, str(one.app.app)))


def _urgency(row: Row, now: float) -> tuple[bool, int, float]:
    is_failure = row.state in {State.FAILED, State.INCONCLUSIVE}
    is_old = is_failure and not row.needs_a_person and now - row.at > _RECENT_SECONDS
    return not row.needs_a_person, len(_ORDER) if is_old else _ORDER.index(row.state), -row.at
