"""The page of all releases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from steps.board_server.ages import age
from steps.board_server.failure_page import trouble
from steps.board_server.frame import page
from steps.board_server.markup import Html, element, joined
from steps.board_server.query import Query, in_order
from steps.board_server.row_html import HEAD, RunUrl, table_row
from steps.board_server.rows import MEANINGS, State
from steps.board_server.snapshot import Entry, NamespaceReads

MAX_ROWS: Final = 2000
"""Rows of one page: about 2 MB; filters lead to the others."""


def list_page(
    entries: Sequence[Entry],
    unread: Mapping[str, NamespaceReads],
    query: Query,
    *,
    now: float,
    read_seconds_ago: float,
    refresh: int,
    run_url: RunUrl,
) -> str:
    """Return the page of all releases that the query selects.

    Args:
        entries: all apps whose data is fresh.
        unread: the namespaces that cannot be read.
        query: filters.
        now: the API server's time, unix seconds.
        read_seconds_ago: age of the data.
        refresh: seconds until the page loads itself again, 0 for never.
        run_url: where the engine shows a run.
    """
    shown = in_order(filter(query.selects, entries), now)
    return page(
        "Releases",
        _header(query, read_seconds_ago, refresh),
        trouble(unread),
        element("nav", _states(entries, query), aria_label="States"),
        _form(entries, query),
        element("main", _table(entries, shown, now, run_url)),
        refresh=refresh,
    )


def _header(query: Query, read_seconds_ago: float, refresh: int) -> Html:
    said = f"Read {age(read_seconds_ago)} ago. "
    if refresh:
        turn = [f"Loads again every {age(refresh)}: ", element("a", "pause", href=query.address(refresh=0))]
    else:
        turn = ["Paused: ", element("a", "load again by itself", href=query.address(refresh=None))]
    return element("header", element("h1", "Releases"), element("p", said, *turn))


def _states(entries: Sequence[Entry], query: Query) -> Html:
    """Return the states with the number of apps in each, as links that filter."""
    counts = Counter(one.row.state for one in entries)
    links = [_state_link("all", len(entries), query, None)]
    links += [_state_link(str(state), counts[state], query, state) for state in State]
    return element("ul", *links, class_="states")


def _state_link(name: str, count: int, query: Query, state: State | None) -> Html:
    current = "true" if query.state is state else None
    link = element(
        "a",
        element("b", str(count)),
        name,
        href=query.address(state=state),
        aria_current=current,
        title=MEANINGS[state] if state else "every app with a release",
        class_=None if count else "zero",
    )
    return element("li", link, class_=name)


def _form(entries: Sequence[Entry], query: Query) -> Html:
    namespaces = sorted({one.app.namespace for one in entries} | ({query.namespace} if query.namespace else set()))
    hidden = [] if query.refresh is None else [
        element("input", type="hidden", name="refresh", value=str(query.refresh))
    ]  # fmt: skip
    fields = [
        _choice("Namespace", "namespace", namespaces, query.namespace),
        element("label", "App", element("input", name="app", type="search", value=query.app, maxlength="100")),
        _choice("State", "state", list(State), query.state or ""),
        *hidden,
        element("button", "Filter", type="submit"),
        element("a", "Show all", href=query.address(namespace="", app="", state=None)),
    ]
    return element("form", *fields, method="get", action="./", role="search")


def _choice(label: str, name: str, values: Sequence[str], chosen: str) -> Html:
    options = [element("option", "all", value="")]
    options += [element("option", one, value=one, selected="" if one == chosen else None) for one in values]
    return element("label", label, element("select", *options, name=name))


def _table(entries: Sequence[Entry], shown: Sequence[Entry], now: float, run_url: RunUrl) -> Html:
    if not shown:
        return element("p", "No release matches." if entries else "No release yet.", class_="none")
    twice = Counter((one.app.namespace, one.app.app) for one in entries)
    rows = [
        table_row(one, now, run_url, names_object=twice[one.app.namespace, one.app.app] > 1) for one in shown[:MAX_ROWS]
    ]
    heads = [element("th", name, scope="col", role="columnheader") for name in HEAD]
    head = element("thead", element("tr", *heads, role="row"), role="rowgroup")
    return element(
        "table",
        element("caption", _caption(shown)),
        head,
        element("tbody", joined(rows), role="rowgroup"),
        role="table",
    )


def _caption(shown: Sequence[Entry]) -> str:
    needed = sum(one.row.needs_a_person for one in shown)
    count = f"{len(shown)} app{'s' if len(shown) != 1 else ''}"
    person = f"; {needed} need{'s' if needed == 1 else ''} a person" if needed else "; none needs a person"
    cut = f"; only the first {MAX_ROWS} are shown: filter to see the others" if len(shown) > MAX_ROWS else ""
    return f"{count}{person}{cut}."
