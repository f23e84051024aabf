"""What the board says about namespaces that it cannot read."""

import time
from collections.abc import Mapping

from steps.board_server.frame import page
from steps.board_server.markup import Html, element, joined
from steps.board_server.snapshot import EVERYWHERE, NamespaceReads
from steps.model.times import date_and_time


def failures(reads: Mapping[str, NamespaceReads]) -> list[str]:
    """Return a sentence for each namespace: since when it cannot be read, and why."""
    return [_sentence(name, one) for name, one in reads.items()]


def _sentence(name: str, one: NamespaceReads) -> str:
    where = f"the VirtualServices of {'all namespaces' if name == EVERYWHERE else f'namespace {name}'}"
    if one.error:
        return f"Cannot read {where} since {date_and_time(one.failing_since)}: {one.error}"
    if one.succeeded is None:
        return f"Cannot show {where} yet: the API server has not answered the first request."
    ago = time.monotonic() - one.succeeded
    return f"Cannot read {where}: the API server has not answered for {ago:.0f} s."


def trouble(reads: Mapping[str, NamespaceReads]) -> Html:
    """Return what a page shows above the apps that can be read, nothing if all can."""
    if not reads:
        return Html()
    lines = [element("p", one) for one in failures(reads)]
    return element("section", element("h2", "Not everything can be read"), *lines, class_="trouble")


def unavailable(reads: Mapping[str, NamespaceReads], *, root: str, refresh: int) -> str:
    """Return the page that takes the place of stale data."""
    lines = joined(element("p", one) for one in failures(reads))
    why = "Releases go on without the board; it only shows them. canary-steps list shows them as well."
    header = element("header", element("h1", "Releases cannot be shown"))
    section = element("section", lines, class_="trouble")
    return page("Releases cannot be shown", header, section, element("p", why), root=root, refresh=refresh)
