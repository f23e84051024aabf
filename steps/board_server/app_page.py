"""The page of one app: its report, with what to type above it."""

from steps.board_server.markup import Html, element, joined
from steps.board_server.row_html import RunUrl, why
from steps.board_server.snapshot import Entry
from steps.claim.record import verdict_of
from steps.outputs.html_report import html_page
from steps.outputs.report import report_of_claim, report_of_record

ROOT = "../../"
"""Relative address of the board's first page."""


def app_page(entry: Entry, now: float, run_url: RunUrl, *, last: bool) -> str:
    """Return the report of an app as a page.

    Args:
        entry: the app.
        now: the API server's time, unix seconds.
        run_url: where the engine shows a run.
        last: show the last release that ended, although another one runs.

    Raises:
        LookupError: it has neither a claim nor a record that can be read.
        ValueError, TypeError, ArithmeticError, OSError: a value cannot be shown.
    """
    app, row = entry.app, entry.row
    if app.claim is not None and not (last and app.record):
        report = report_of_claim(app.claim, app.namespace, verdict_of(app.claim.state))
    elif app.record is not None:
        report = report_of_record(app.record, app.app, app.namespace)
    else:
        raise LookupError(row.sentence)
    links = [element("a", "All releases", href=ROOT)]
    if app.claim is not None and app.record is not None:
        named, query = ("The running release", "") if last else ("The last release", "release=last")
        links.append(element("a", named, href=f"?{query}"))
    if address := run_url(app, row):
        links.append(element("a", "This run in the workflow engine", href=address, rel="noreferrer"))
    notes = Html() if last else why(row, now)
    return html_page(report, now, above=element("nav", joined(links, " · ")), notes=notes)
