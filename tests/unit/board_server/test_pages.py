"""Pages of the board: everything is escaped, nothing is loaded or run, and a screen reader finds its way."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from steps.board_server import response
from steps.board_server.app_page import app_page
from steps.board_server.list_page import MAX_ROWS, list_page
from steps.board_server.markup import element, text
from steps.board_server.query import Query
from steps.board_server.rows import row_of
from steps.board_server.run_links import run_url
from steps.board_server.snapshot import Entry, NamespaceReads
from steps.model.listing import ListedApp
from steps.model.looks import Counts, LastLook
from steps.model.rungs import RungVerdict
from steps.model.trials import Trial
from tests.support.board_apps import KINDS, annotations_for, listed, snapshot_of

NOW = 1_800_000_000.0
EVERYTHING = Query()
VOID = {"br", "input", "link", "meta"}
BAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\u202e\x00\ud800"


class Parsed(HTMLParser):
    """A page as a browser's parser sees it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(page)
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag; no attribute runs or styles anything."""
        given = dict(attrs)
        assert [] == [name for name in given if name.startswith("on") or name == "style"]
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a name."""
        return [given for name, given in self.tags if name == tag]


def entries(*apps: ListedApp) -> list[Entry]:
    """Return apps with their rows."""
    return [Entry(app, row_of(app)) for app in apps]


def all_kinds() -> list[Entry]:
    """Return one app of each kind."""
    apps = [("shop", kind, annotations_for(kind, kind, NOW)) for kind in KINDS]
    return list(snapshot_of(listed(NOW, *apps), NOW).entries)


def page_of(
    shown: list[Entry],
    query: Query = EVERYTHING,
    refresh: int = 15,
    url: str = "",
    unread: Mapping[str, NamespaceReads] | None = None,
) -> str:
    """Return the page of all releases."""
    return list_page(shown, unread or {}, query, now=NOW, read_seconds_ago=2.0, refresh=refresh, run_url=run_url(url))


def hostile() -> ListedApp:
    """Return an app whose every text is an attack, also those that no annotation can bring here."""
    (app,) = listed(NOW, ("shop", "shop", annotations_for("shop", "running", NOW)))
    assert app.claim is not None
    assert app.record is not None
    look = LastLook(NOW, 0.1, (Counts(BAD, 1, 1, 1, 1),), 5)
    state = replace(app.claim.state, by=BAD, reason=BAD, verdicts=(RungVerdict(25, BAD, NOW),), look=look)
    trials = (Trial(NOW - 90, 5, BAD, BAD, BAD),)
    state = replace(state, trials=trials)
    record = replace(app.record, reason=BAD, outcome=BAD, by=BAD, images={BAD: BAD}, trials=trials)
    return replace(app, claim=replace(app.claim, run=BAD, state=state), record=record)


@pytest.mark.parametrize("part", ["both", "record", "unreadable", "waiting"])
def test_hostile_annotations_stay_text_on_the_list(part: str) -> None:
    """Names, reasons, persons, outcomes, errors: none becomes markup, an attribute or a command."""
    app = hostile()
    if part == "record":
        app = replace(app, claim=None)
    elif part == "unreadable":
        app = replace(app, claim=None, record=None, unreadable=(BAD,), app=BAD)
    elif part == "waiting":
        assert app.claim is not None
        app = replace(app, is_expired=True, app=BAD, claim=replace(app.claim, app=BAD))
    shown = page_of(
        entries(app), Query(BAD, BAD), unread={BAD: NamespaceReads(error=BAD)}, url="https://ui.example/{run}"
    )
    shown = shown + page_of(entries(app), url="https://ui.example/{run}")
    assert [] == re.findall(r"<(?:script|img)", shown)
    assert not set("\u202e\x00") & set(shown)
    response.encoded(shown)
    for half in shown.split("<!doctype html>")[1:]:
        Parsed(half)


@pytest.mark.parametrize("last", [False, True])
def test_hostile_annotations_stay_text_on_the_page_of_an_app(last: bool) -> None:  # noqa: FBT001 - both
    """Which is the report that `report --html` writes."""
    (entry,) = entries(hostile())
    shown = app_page(entry, NOW, run_url("https://ui.example/{run}"), last=last)
    assert [] == re.findall(r"<(?:script|img)", shown)
    response.encoded(shown)


def test_text_is_escaped_wherever_it_stands() -> None:
    """In content and in attributes; only what `element` made is taken as HTML."""
    made = element("a", "<b>", element("i", "&"), href='"><x>', class_="y", title=None)
    assert '<a href="&quot;&gt;&lt;x&gt;" class="y">&lt;b&gt;<i>&amp;</i></a>' == made
    assert "a b c" == text("a\u202eb\nc")


@pytest.mark.parametrize("kind", KINDS)
def test_the_one_style_sheet_of_a_page_is_the_one_that_its_header_allows(kind: str) -> None:
    """So the policy can forbid everything else: scripts, frames, remote content, inline styles."""
    (entry,) = [one for one in all_kinds() if one.app.app == kind]
    pages = [page_of([entry])] + ([app_page(entry, NOW, run_url(""), last=False)] if kind != "unreadable" else [])
    for shown in pages:
        (style,) = re.findall(r"<style>(.*?)</style>", shown, re.DOTALL)
        policy = response.document(200, shown, style).headers["Content-Security-Policy"]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy
        assert "default-src 'none'" in policy
        assert not re.search(r"url\(|@import|javascript:", shown)


def test_links_lead_to_the_boards_own_pages() -> None:
    """They are relative, so that the board works behind a path; only the engine's links leave it."""
    shown = Parsed(page_of(all_kinds(), url="https://argo.example/workflows/{namespace}/{workflow}"))
    links = [str(one["href"]) for one in shown.all("a")]
    outside = [one for one in links if not one.startswith(("?", "apps/"))]
    assert {"https://argo.example/workflows/shop/release-running-x7k2p"} <= set(outside)
    assert all(one.startswith("https://argo.example/workflows/shop/") for one in outside)
    assert {f"apps/shop/{kind}" for kind in KINDS} <= set(links)


def test_the_table_has_a_caption_heads_and_a_name_in_each_row() -> None:
    """A screen reader reads head and name with each cell, also where a narrow screen shows cards."""
    shown = Parsed(page_of(all_kinds()))
    assert 6 == len([one for one in shown.all("th") if one.get("scope") == "col"])
    assert 7 == len([one for one in shown.all("th") if one.get("scope") == "row"])
    assert {"row"} == {one.get("role") for one in shown.all("tr")}
    assert "7 apps; 3 need a person." in shown.words
    assert [{"lang": "en"}] == shown.all("html")


def test_times_are_relative_and_exact() -> None:
    """In an element that programs read."""
    (entry,) = [one for one in all_kinds() if one.app.app == "promoted"]
    shown = Parsed(page_of([entry]))
    assert [{"datetime": "2027-01-15T07:53:20Z"}] == shown.all("time")
    assert "ended 6 min ago 2027-01-15 07:53:20 UTC" in shown.words


@pytest.mark.parametrize(
    ("refresh", "words"), [(15, "Loads again every 15 s: pause"), (0, "Paused: load again by itself")]
)
def test_the_page_loads_itself_again_until_it_is_paused(refresh: int, words: str) -> None:
    """Without JavaScript; a person who reads can stop it."""
    shown = Parsed(page_of(all_kinds(), refresh=refresh))
    found = [one["content"] for one in shown.all("meta") if one.get("http-equiv") == "refresh"]
    assert ([str(refresh)] if refresh else []) == found
    assert words in shown.words


def test_the_form_keeps_what_was_chosen() -> None:
    """Also a namespace that has no release any more."""
    shown = Parsed(page_of(all_kinds(), Query("gone", "run", None, 0)))
    assert "No release matches." in shown.words
    assert ["gone"] == [one["value"] for one in shown.all("option") if "selected" in one and one["value"]]
    assert {"name": "app", "type": "search", "value": "run", "maxlength": "100"} in shown.all("input")
    assert {"type": "hidden", "name": "refresh", "value": "0"} in shown.all("input")


def test_namespaces_that_cannot_be_read_stand_above_the_others() -> None:
    """With the reason, so that nobody takes the list for complete."""
    shown = page_of(all_kinds(), unread={"pay": NamespaceReads(error="forbidden", failing_since=NOW)})
    assert "Cannot read the VirtualServices of namespace pay since 2027-01-15 08:00:00 UTC: forbidden" in shown
    assert shown.index("Cannot read") < shown.index("<table")


def test_an_app_on_two_virtual_services_names_them() -> None:
    """It moved, and its record stayed on the old one."""
    given = annotations_for("shop", "promoted", NOW)
    shown = page_of(entries(*listed(NOW, ("shop", "new", given), ("shop", "old", given))))
    assert "shop (on new)" in shown
    assert 'href="apps/shop/shop?on=old"' in shown


def test_a_page_has_a_largest_size() -> None:
    """The rest is reached by filters, and the page says so."""
    many = entries(*listed(NOW, *(("shop", f"a{n}", annotations_for(f"a{n}", "promoted", NOW)) for n in range(2))))
    shown = page_of(many * MAX_ROWS)
    assert MAX_ROWS == shown.count("</tr>") - 1
    assert "only the first 2000 are shown" in shown
    assert len(shown) < 4_000_000


def test_five_hundred_apps_are_rendered_in_less_than_a_second() -> None:
    """Far less on an idle machine: 0.05 s."""
    apps = [("shop", f"a{n}", annotations_for(f"a{n}", KINDS[n % 7], NOW, n + 1)) for n in range(500)]
    shown = entries(*listed(NOW, *apps))
    began = time.process_time()
    page_of(shown)
    assert time.process_time() - began < 1.0
