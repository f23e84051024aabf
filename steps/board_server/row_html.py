"""One app as a row of the table."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from steps.board_server.ages import moment
from steps.board_server.markup import Html, element, joined
from steps.board_server.rows import Row
from steps.board_server.snapshot import Entry
from steps.model.listing import ListedApp

HEAD: Final = ("State", "App", "Weight", "Time", "Run", "What and why")
_LONGEST: Final = 500
"""Characters of a sentence; the app's own page has all of them."""
_LONGEST_RUN: Final = 14
_ACCOUNT: Final = "system:serviceaccount:"

RunUrl = Callable[[ListedApp, Row], str]
"""Returns the address of a run in the engine's UI, "" where there is none."""


def table_row(entry: Entry, now: float, run_url: RunUrl, *, names_object: bool) -> Html:
    """Return the row of an app.

    Args:
        entry: the app.
        now: unix seconds.
        run_url: where the engine shows the run.
        names_object: whether the app is listed on several VirtualServices, so that each row names its own.
    """
    app, row = entry.app, entry.row
    cells = [
        _cell("state", element("span", row.word, class_="badge")),
        element("th", _name(app, names_object=names_object), scope="row", role="rowheader"),
        _cell("weight", *_weight(row)),
        _cell("time", moment(row.at, now, row.at_word) if row.at else Html()),
        _cell("run", *_run(app, row, run_url)),
        _cell("why", why(row, now)),
    ]
    return element("tr", *cells, class_=f"{row.state}{' needed' if row.needs_a_person else ''}", role="row")


def app_address(app: ListedApp, *, names_object: bool = False) -> str:
    """Return the relative address of an app's page, from the board's first page."""
    on = f"?{urlencode({'on': app.virtual_service.name}, errors='replace')}" if names_object else ""
    return (
        f"apps/{quote(app.namespace, safe='', errors='replace')}/{quote(str(app.app), safe='', errors='replace')}{on}"
    )


def why(row: Row, now: float) -> Html:
    """Return the sentence of a row, what to type, and the release before."""
    said = row.sentence if len(row.sentence) <= _LONGEST else f"{row.sentence[:_LONGEST]}…"
    typed = [element("p", one.purpose, element("code", one.line), class_="type") for one in row.commands]
    outcome, ended = row.earlier
    before = element("small", f"The release before: {outcome}, ", moment(ended, now)) if outcome else Html()
    return joined([element("p", said) if said.strip() else Html(), *typed, before])


def _name(app: ListedApp, *, names_object: bool) -> Html:
    shown = f"{app.app} (on {app.virtual_service.name})" if names_object else str(app.app)
    link = element("a", shown, href=app_address(app, names_object=names_object))
    return joined([link, element("small", app.namespace)])


def _weight(row: Row) -> list[Html]:
    if row.weight is None:
        return []
    bar = element("progress", max="100", value=str(row.weight), aria_label="weight of the canary")
    return [element("span", f"{row.weight} %"), bar, element("span", row.rung, class_="rung")]


def _run(app: ListedApp, row: Row, run_url: RunUrl) -> list[Html]:
    if not row.run:
        return []
    address, by = run_url(app, row), row.by.removeprefix(_ACCOUNT)
    shown = by or row.run
    name = element("a", shown, href=address, rel="noreferrer") if address else element("span", shown)
    if shown == row.run:
        return [name]
    short = row.run if len(row.run) <= _LONGEST_RUN else f"{row.run[: _LONGEST_RUN - 1]}…"
    return [name, element("span", short, class_="by", title=f"run {row.run}")]


def _cell(kind: str, *content: str) -> Html:
    return element("td", *content, class_=kind, role="cell")
