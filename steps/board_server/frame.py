"""The frame of every page: head, style, refresh."""

from steps.board_server.markup import Html, element, joined, style
from steps.board_server.style import STYLE


def page(title: str, *content: str, root: str = "./", refresh: int = 0) -> str:
    """Return an HTML document.

    Args:
        title: of the page.
        content: of its body.
        root: relative address of the board's first page.
        refresh: seconds until the browser loads it again, 0 for never.
    """
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="refresh", content=str(refresh)) if refresh else Html(),
        element("title", title),
        element("link", rel="icon", href=f"{root}icon.svg"),
        style(STYLE),
    ]
    body = element("html", element("head", joined(head)), element("body", *content), lang="en")
    return f"<!doctype html>\n{body}\n"
