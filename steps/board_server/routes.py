"""Which address shows what. Nothing here asks the API server: all answers come from the reader's snapshot."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from steps.board_server import app_page as app_pages
from steps.board_server.app_page import app_page
from steps.board_server.board_series import board_samples
from steps.board_server.failure_page import failures, unavailable
from steps.board_server.frame import page
from steps.board_server.list_page import list_page
from steps.board_server.markup import element
from steps.board_server.query import BadQuery, given, in_order, read_query
from steps.board_server.reader import BoardReader
from steps.board_server.response import JSON, SVG, Response, document, encoded, plain
from steps.board_server.row_html import RunUrl
from steps.board_server.snapshot import Entry, NamespaceReads
from steps.board_server.style import STYLE
from steps.outputs import html_report
from steps.outputs.listing import as_json
from steps.outputs.metrics.exposition import CLASSIC_TYPE, OPENMETRICS_TYPE, as_classic, as_openmetrics
from steps.outputs.metrics.samples import samples_of

_ICON: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#d99000" d="M2 14V9h3v5zm5 0V5h3v9z'
    b'm5 0V2h3v12z"/></svg>'
)
_UNSHOWABLE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError)
"""What a report of a damaged annotation raises."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers to requests.

    Args:
        reader: its snapshot is shown.
        stale_seconds: age from which data is not shown.
        refresh_seconds: until a page loads itself again, 0 for never.
        run_url: where the engine shows a run.
        clock: the monotonic time.
    """

    reader: BoardReader
    stale_seconds: float
    refresh_seconds: int
    run_url: RunUrl
    clock: Callable[[], float] = time.monotonic

    def answer(self, target: str, headers: Mapping[str, str]) -> Response:
        """Return the answer to a GET.

        Args:
            target: of the request line.
            headers: of the request.
        """
        try:
            address = urlsplit(target)
            path, query = [unquote(part) for part in address.path.split("/")], address.query
        except ValueError:
            return plain(HTTPStatus.BAD_REQUEST, "The address cannot be read.")
        match path:
            case ["", "apps", namespace, app]:
                return self._app(namespace, app, query)
            case ["", first, *rest] if shown := self._pages().get("/".join([first, *rest])):
                return shown(query, headers)
            case _:
                sentence = "No such page. The board has /, /apps/NAMESPACE/APP and /metrics."
                return plain(HTTPStatus.NOT_FOUND, sentence)

    def _pages(self) -> dict[str, Callable[[str, Mapping[str, str]], Response]]:
        """Return what answers each fixed path; it gets the query and the headers."""
        icon = Response(HTTPStatus.OK, SVG, _ICON)
        return {
            "": lambda query, _: self._page(query),
            "metrics": lambda _, headers: self._metrics(headers.get("Accept", "")),
            "api/releases": lambda query, _: self._releases(query),
            "readyz": lambda *_: self._ready(),
            "healthz": lambda *_: plain(HTTPStatus.OK, "alive"),
            "icon.svg": lambda *_: icon,
            "favicon.ico": lambda *_: icon,
        }

    def _fresh(self) -> tuple[list[Entry], dict[str, NamespaceReads], bool]:
        """Return the apps that may be shown, the namespaces that cannot be read, and whether there is anything."""
        snapshot, clock = self.reader.snapshot, self.clock()
        stale = snapshot.stale(clock, self.stale_seconds)
        return snapshot.fresh(clock, self.stale_seconds), stale, len(stale) < len(snapshot.reads)

    def _page(self, text: str) -> Response:
        try:
            query = read_query(text)
        except BadQuery as error:
            shown = page("Bad address", element("h1", "Bad address"), element("p", str(error)))
            return document(HTTPStatus.BAD_REQUEST, shown, STYLE)
        entries, stale, is_readable = self._fresh()
        refresh = self.refresh_seconds if query.refresh is None else query.refresh
        if not is_readable or query.namespace in stale.keys() - {""}:
            return self._unavailable(stale, "./", refresh)
        snapshot, clock = self.reader.snapshot, self.clock()
        ago = clock - max(one.succeeded for one in snapshot.reads.values() if one.succeeded is not None)
        now = snapshot.now(clock)
        shown = list_page(entries, stale, query, now=now, read_seconds_ago=ago, refresh=refresh, run_url=self.run_url)
        return document(HTTPStatus.OK, shown, STYLE)

    def _app(self, namespace: str, app: str, text: str) -> Response:
        entries, stale, is_readable = self._fresh()
        if not is_readable or namespace in stale:
            return self._unavailable(stale, app_pages.ROOT, self.refresh_seconds)
        asked = given(text)
        found = [one for one in entries if (one.app.namespace, str(one.app.app)) == (namespace, app)]
        if on := asked.get("on"):
            found = [one for one in found if one.app.virtual_service.name == on]
        if not found:
            return self._not_shown(HTTPStatus.NOT_FOUND, f"No release of {app} in namespace {namespace} is known.")
        entry = max(found, key=lambda one: (one.app.claim is not None, one.row.at))
        try:
            last = asked.get("release") == "last"
            shown = app_page(entry, self.reader.snapshot.now(self.clock()), self.run_url, last=last)
        except _UNSHOWABLE as error:
            sentence = f"The release of {app} in namespace {namespace} cannot be shown: {error}"
            return self._not_shown(HTTPStatus.OK, sentence)
        return document(HTTPStatus.OK, shown, html_report.STYLE)

    def _not_shown(self, status: int, sentence: str) -> Response:
        back = element("p", element("a", "All releases", href=app_pages.ROOT))
        shown = page("Release", element("h1", "Release"), element("p", sentence), back, root=app_pages.ROOT)
        return document(status, shown, STYLE)

    def _metrics(self, accept: str) -> Response:
        entries, stale, is_readable = self._fresh()
        if not is_readable:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(failures(stale)))
        samples = samples_of(one.app for one in entries)
        samples += board_samples(self.reader.snapshot, self.clock(), self.stale_seconds)
        if "application/openmetrics-text" in accept:
            return Response(HTTPStatus.OK, OPENMETRICS_TYPE, encoded(as_openmetrics(samples)))
        return Response(HTTPStatus.OK, CLASSIC_TYPE, encoded(as_classic(samples)))

    def _releases(self, text: str) -> Response:
        try:
            query = read_query(text)
        except BadQuery as error:
            return plain(HTTPStatus.BAD_REQUEST, str(error))
        entries, stale, _ = self._fresh()
        if stale:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(failures(stale)))
        now = self.reader.snapshot.now(self.clock())
        apps = [one.app for one in in_order(filter(query.selects, entries), now)]
        return Response(HTTPStatus.OK, JSON, encoded(as_json(apps)))

    def _ready(self) -> Response:
        _, stale, is_readable = self._fresh()
        if is_readable:
            return plain(HTTPStatus.OK, "ready")
        return plain(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(failures(stale)))

    def _unavailable(self, stale: Mapping[str, NamespaceReads], root: str, refresh: int) -> Response:
        shown = unavailable(stale, root=root, refresh=refresh)
        return replace(document(HTTPStatus.SERVICE_UNAVAILABLE, shown, STYLE), more={"Retry-After": "10"})
