"""The board in a real browser: 500 apps, without JavaScript, by keyboard, on a phone, in the dark."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.board_apps import annotations_for, fill, store
from tests.support.chromium import PROGRAM, REMEDY, Chromium
from tests.support.kubernetes_api import StandInApi
from tests.support.step_run import RunningStep, StepFiles

pytestmark = [pytest.mark.integration, pytest.mark.full, pytest.mark.skipif(PROGRAM is None, reason=REMEDY)]
NAMESPACES = tuple(f"team-{number}" for number in range(8))
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a board with 500 apps; the reason of one is an attack."""
    folder = tmp_path_factory.mktemp("board")
    with StandInApi(namespaces=NAMESPACES) as api:
        fill(api, 499, NAMESPACES)
        attack = annotations_for("attack", "failed", 1_800_000_000.0)
        quoted = HOSTILE.replace('"', '\\"')
        for key, value in attack.items():
            store(api, "team-0", "attack", **{key: value.replace("canary 16/16", quoted)})
        kubeconfig = str(api.write_kubeconfig(folder / "kubeconfig"))
        flags = ("--kubeconfig", kubeconfig, "--all-namespaces", "--listen", "127.0.0.1:0")
        step = RunningStep("board", (*flags, "--refresh-seconds", "2"), {}, StepFiles("board", folder / "step"))
        yield f"http://127.0.0.1:{step.wait_for_event('board.listening')['port']}/"
        step.stop()


def read(browser: Chromium, url: str) -> float:
    """Open a page once the board has read; return how long the browser worked for it, CPU seconds."""
    for _ in range(50):
        seconds = browser.open(url)
        if browser.count(".trouble") == 0:
            return seconds
    raise AssertionError(browser.text("body"))


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chromium]:
    """Return a browser that runs scripts, and one that does not."""
    with Chromium(tmp_path / "profile", javascript=request.param) as made:
        yield made


def test_five_hundred_apps_are_on_one_page_in_less_than_a_second(browser: Chromium, board: str) -> None:
    """Loaded and laid out, by CPU time; the console has nothing to complain about."""
    read(browser, f"{board}?refresh=0")
    seconds = min(browser.open(f"{board}?refresh=0") for _ in range(3))
    assert 500 == browser.count("tbody tr")
    assert "500 apps; 30 need a person." in browser.text("caption")
    assert 0.0 < seconds < 1.0  # the board's own part is less than 0.1 s
    assert [] == browser.complaints


def test_links_and_the_form_filter(browser: Chromium, board: str) -> None:
    """By mouse and by keyboard; the report of an app is one click away, and so is the way back."""
    read(browser, f"{board}?refresh=0")
    browser.click(".states .waiting a")
    assert 10 == browser.count("tbody tr") == browser.count("tbody tr.waiting")
    browser.click("tbody th a")
    assert "canary-steps approve" in browser.text("body")
    assert "The canary's weight over time" in browser.text("figcaption")
    browser.click("nav a")
    assert 500 == browser.count("tbody tr")
    browser.open(f"{board}?refresh=0&state=promoted")
    browser.press(*["Tab"] * 11, "app-49", "Enter")  # pause, eight states, namespace, app
    browser.wait_for_page()
    assert 9 == browser.count("tbody tr") == browser.count("tbody tr.promoted")  # app-490 to app-498
    assert [] == browser.complaints


def test_the_page_loads_itself_again_until_it_is_paused(browser: Chromium, board: str) -> None:
    """By its head alone."""
    read(browser, board)
    browser.wait_for_page()
    browser.click("header a")
    assert 0 == browser.count("meta[http-equiv=refresh]")
    assert "Paused" in browser.text("header")


def test_an_attack_in_an_annotation_stays_text(browser: Chromium, board: str) -> None:
    """On the list and in the report."""
    for address in (f"{board}?refresh=0&app=attack", f"{board}apps/team-0/attack"):
        read(browser, address)
        assert (0, 0) == (browser.count("script"), browser.count("img"))
        assert "owned" != browser.text("title")
        assert "document.title" in browser.text("body")


def test_a_screen_reader_finds_table_heads_and_names(tmp_path: Path, board: str) -> None:
    """Also on a phone, where rows are cards; nothing is wider than the screen."""
    for width in (1400, 360):
        with Chromium(tmp_path / f"{width}", width=width) as browser:
            read(browser, f"{board}?refresh=0&state=waiting")
            roles = browser.roles()
            assert {("columnheader", one) for one in ("State", "App", "Weight", "Time", "Run")} <= set(roles)
            assert 10 == sum(role == "rowheader" for role, _ in roles)
            assert {"table", "main", "navigation", "heading", "search"} <= {role for role, _ in roles}
            assert browser.overflow() <= 0


def test_the_dark_scheme_is_dark(tmp_path: Path, board: str) -> None:
    """As the browser prefers, for the list and for the report."""
    brightness = {}
    for dark in (False, True):
        with Chromium(tmp_path / f"dark-{dark}", dark=dark) as browser:
            for place, address in (("list", f"{board}?refresh=0"), ("app", f"{board}apps/team-0/app-000")):
                read(browser, address)
                brightness[place, dark] = mean_brightness(browser.screenshot(tmp_path / "shown.png"))
    assert all(brightness[place, True] < 70 for place in ("list", "app")), brightness
    assert all(brightness[place, False] > 180 for place in ("list", "app")), brightness


def mean_brightness(png: bytes) -> float:
    """Return the mean of the first column's bytes (0-255), which no filter of PNG changes but by its row above."""
    at, data, width, channels = 8, b"", 0, 0
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        if kind == b"IHDR":
            width, channels = int.from_bytes(png[at + 8 : at + 12]), {2: 3, 6: 4}[png[at + 17]]
        elif kind == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += 12 + size
    rows, stride, found, above = zlib.decompress(data), 1 + width * channels, [], 0
    for start in range(0, len(rows), stride):
        filtered, value = rows[start], rows[start + 1]
        above = (value + {0: 0, 1: 0, 2: above, 3: above // 2, 4: above}[filtered]) % 256
        found.append(above)
    return sum(found) / len(found)
