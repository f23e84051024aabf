"""Links to runs in the UI of a workflow engine."""

import re
from string import Formatter
from typing import Final
from urllib.parse import quote, urlsplit

from steps.board_server.row_html import RunUrl
from steps.board_server.rows import Row
from steps.model.listing import ListedApp

FIELDS: Final = ("namespace", "app", "run", "workflow")
_UID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check_template(template: str) -> str:
    """Return a template of an address, "" for none.

    Raises:
        ValueError: says what is wrong with it.
    """
    if not template:
        return template
    try:
        fields = [one for one in Formatter().parse(template) if one[1] is not None]
        parts = urlsplit(template)
    except ValueError as error:
        raise ValueError(f"is not a template of an address: {error}") from error
    if unknown := [str(name) for _, name, form, conversion in fields if name not in FIELDS or form or conversion]:
        known = ", ".join(f"{{{one}}}" for one in FIELDS)
        raise ValueError(f"has the field {{{unknown[0]}}}: it may have {known}, as they are written here")
    if parts.scheme not in {"http", "https"} or not parts.netloc or "{" in parts.netloc:
        raise ValueError("must begin with http:// or https:// and a host without a field")
    return template


def run_url(template: str) -> RunUrl:
    """Return what makes addresses of runs.

    A workflow engine starts a run with its own uid as the id, and with the workflow's name as `by`. A run with another
    id was started by hand, so it has no workflow.
    """

    def address(app: ListedApp, row: Row) -> str:
        if not template or not row.run or ("{workflow}" in template and not _UID.fullmatch(row.run)):
            return ""
        values = {"namespace": app.namespace, "app": str(app.app), "run": row.run, "workflow": row.by}
        return template.format(**{name: quote(value, safe="", errors="replace") for name, value in values.items()})

    return address
