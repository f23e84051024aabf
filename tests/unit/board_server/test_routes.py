"""What each address answers, from data that is fresh, stale or missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as classic

from steps.board_server.reader import BoardReader
from steps.board_server.response import Response
from steps.board_server.routes import Routes
from steps.board_server.run_links import run_url
from steps.board_server.snapshot import EVERYWHERE, NamespaceReads, Snapshot
from tests.support.board_apps import KINDS, FixedClock, annotations_for, listed, snapshot_of

NOW = 1_800_000_000.0
DENIED = "forbidden: this account may not list virtualservices. kubectl create clusterrole canary-steps-list"


class Board:
    """Routes over a snapshot, at a moment of the clock."""

    def __init__(self, snapshot: Snapshot, clock: float = 5.0) -> None:
        self.reader, self.clock = BoardReader(FixedClock(NOW), ()), clock
        self.reader.snapshot = snapshot
        self._routes = Routes(self.reader, 30.0, 15, run_url(""), lambda: self.clock)

    def get(self, target: str, **headers: str) -> Response:
        """Return an answer."""
        return self._routes.answer(target, headers)

    def text(self, target: str) -> str:
        """Return the body of an answer."""
        return self.get(target).body.decode()


@pytest.fixture
def board() -> Board:
    """Return a board with one app of each kind in the namespace `shop`."""
    apps = [("shop", kind, annotations_for(kind, kind, NOW)) for kind in KINDS]
    return Board(snapshot_of(listed(NOW, *apps), NOW))


def failing(*, error: str = DENIED, succeeded: float | None = None) -> Snapshot:
    """Return a snapshot of a board that cannot read anything."""
    return Snapshot(reads={EVERYWHERE: NamespaceReads(succeeded, error, NOW, 3)})


@pytest.mark.parametrize(
    "target", ["/", "/?state=failed", "/apps/shop/failed", "/metrics", "/api/releases", "/icon.svg"]
)
def test_every_page_has_the_headers_that_keep_a_browser_from_more(board: Board, target: str) -> None:
    """Nothing is cached, guessed, framed or loaded."""
    answer = board.get(target)
    assert 200 == answer.status
    headers = answer.headers
    assert ("nosniff", "no-store", "DENY") == (
        headers["X-Content-Type-Options"], headers["Cache-Control"], headers["X-Frame-Options"],
    )  # fmt: skip
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; base-uri 'none'; form-action 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert str(len(answer.body)) == headers["Content-Length"]


@pytest.mark.parametrize(
    "target",
    [
        "/nothing", "/apps", "/apps/", "/apps/shop", "/apps/shop/", "/apps/shop/gone", "/apps/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd", "/apps/shop/..%2f..%2fetc%2fpasswd", "/apps/shop/running/more", "//etc/passwd",
        "/static/../../board.py", "/metrics/", "/Metrics", "*", "", "shop:443", "/apps/\x00/%ff",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(board: Board, target: str) -> None:
    """No path leads to a file: there are none."""
    assert 404 == board.get(target).status


@pytest.mark.parametrize("target", ["http://[", "//[x/"])
def test_an_address_that_cannot_be_read_is_a_bad_request(board: Board, target: str) -> None:
    """Not a defect."""
    assert 400 == board.get(target).status


@pytest.mark.parametrize("path", ["/", "/api/releases"])
def test_a_bad_filter_is_a_bad_request_with_the_allowed_values(board: Board, path: str) -> None:
    """As a page, and as text."""
    answer = board.get(f"{path}?state=%3Cb%3E")
    assert 400 == answer.status
    assert b"must be one of waiting, expired" in answer.body
    assert b"<b>" not in answer.body or answer.content_type.startswith("text/plain")


def test_an_app_has_its_report(board: Board) -> None:
    """The running release, with what to type, and the last one on request."""
    running = board.text("/apps/shop/waiting")
    assert "canary-steps approve --namespace shop --app waiting" in running
    assert "still running" in running
    last = board.text("/apps/shop/waiting?release=last")
    assert "rolled-back" in last
    assert "canary-steps approve" not in last
    assert "sha256:" in board.text("/apps/shop/promoted")


def test_an_app_that_cannot_be_read_has_a_page_with_the_remedy(board: Board) -> None:
    """Which the list shows as well."""
    assert "kubectl annotate virtualservice -n shop unreadable" in board.text("/apps/shop/unreadable")


@pytest.mark.parametrize("weights", [[[1e30, 5]], [[NOW, 10**400]]])
def test_an_app_with_a_number_that_cannot_be_drawn_has_a_page_too(weights: list[Any]) -> None:
    """An annotation may hold any number."""
    given = annotations_for("shop", "promoted", NOW)
    (key,) = given
    given[key] = json.dumps({**json.loads(given[key]), "weights": weights})
    board = Board(snapshot_of(listed(NOW, ("shop", "shop", given)), NOW))
    assert 200 == board.get("/apps/shop/shop").status
    assert 200 == board.get("/").status
    assert 200 == board.get("/metrics").status


def test_an_app_on_two_virtual_services_is_chosen_by_name() -> None:
    """Without a name, the newest."""
    old, new = annotations_for("shop", "promoted", NOW, 2), annotations_for("shop", "failed", NOW, 1)
    board = Board(snapshot_of(listed(NOW, ("shop", "new", new), ("shop", "old", old)), NOW))
    assert "rolled-back" in board.text("/apps/shop/shop")
    assert "promoted" in board.text("/apps/shop/shop?on=old")
    assert 404 == board.get("/apps/shop/shop?on=none").status


def test_metrics_are_read_by_prometheus_in_both_formats(board: Board) -> None:
    """Series of every app, and the board's own."""
    old = {one.name: one for one in classic(board.text("/metrics"))}
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    answer = board.get("/metrics", Accept=accept)
    new = {one.name: one for one in openmetrics(answer.body.decode())}
    assert answer.content_type.startswith("application/openmetrics-text")
    assert "counter" == new["canary_steps_board_read_errors"].type
    assert set(new) == {name.removesuffix("_total") for name in old} - {"canary_steps_run_info"} | {"canary_steps_run"}
    (up,) = old["canary_steps_board_up"].samples
    (read,) = old["canary_steps_board_last_read_timestamp_seconds"].samples
    assert (1.0, NOW, {"namespace": "*"}) == (up.value, read.value, read.labels)
    waiting = [one.labels["app"] for one in old["canary_steps_waiting_for_approval"].samples if one.value]
    assert ["waiting"] == waiting


def test_releases_are_json_as_list_prints_them(board: Board) -> None:
    """In the order and with the filters of the page."""
    found = json.loads(board.text("/api/releases"))
    assert ["waiting", "expired", "unreadable"] == [one["app"] for one in found[:3]]
    assert ["failed"] == [one["app"] for one in json.loads(board.text("/api/releases?state=failed"))]


@pytest.mark.parametrize("target", ["/", "/apps/shop/till", "/metrics", "/api/releases", "/readyz", "/?refresh=0"])
@pytest.mark.parametrize("succeeded", [None, -26.0])
def test_stale_data_is_never_shown(target: str, succeeded: float | None) -> None:
    """503 with since when and why, and the command that grants the permission."""
    known = snapshot_of(listed(NOW, ("shop", "till", annotations_for("till", "running", NOW))), NOW)
    board = Board(Snapshot(known.entries, failing(succeeded=succeeded).reads, (NOW, 0.0)))
    answer = board.get(target)
    assert 503 == answer.status
    text = answer.body.decode()
    assert f"since 2027-01-15 08:00:00 UTC: {DENIED}" in text
    assert "till" not in text


def test_data_is_shown_up_to_its_limit_and_not_after_it(board: Board) -> None:
    """Also while a read hangs, which leaves no error."""
    board.clock = 30.0
    assert (200, 200) == (board.get("/").status, board.get("/metrics").status)
    board.clock = 30.01
    answer = board.get("/")
    assert 503 == answer.status
    assert b"the API server has not answered for" in answer.body


def test_before_the_first_read_nothing_is_ready_but_the_process_lives() -> None:
    """So a restart does not help, and Kubernetes does none."""
    board = Board(Snapshot(reads={"shop": NamespaceReads()}))
    assert (200, 503, 503) == (board.get("/healthz").status, board.get("/readyz").status, board.get("/").status)
    assert "has not answered the first request" in board.text("/readyz")


def test_one_stale_namespace_leaves_the_others_and_says_so() -> None:
    """Its own pages are 503, and so is what must be complete."""
    apps = listed(NOW, ("pay", "till", annotations_for("till", "promoted", NOW, namespace="pay")),
                  ("shop", "cart", annotations_for("cart", "promoted", NOW)))  # fmt: skip
    made = snapshot_of(apps, NOW)
    reads = {"pay": NamespaceReads(error=DENIED, failing_since=NOW), "shop": NamespaceReads(succeeded=0.0)}
    board = Board(Snapshot(made.entries, reads, (NOW, 0.0)))
    text = board.text("/")
    assert ("apps/shop/cart" in text, "apps/pay/till" in text, DENIED in text) == (True, False, True)
    statuses = [board.get(one).status for one in ("/", "/?namespace=pay", "/apps/pay/till", "/api/releases", "/readyz")]
    assert [200, 503, 503, 503, 200] == statuses
    metrics = board.text("/metrics")
    assert "canary_steps_board_up 0.0" in metrics
    assert ('app="cart"' in metrics, 'app="till"' in metrics) == (True, False)


def test_nothing_here_opens_a_file() -> None:
    """So no path can lead to one."""
    folder = Path(__file__).parents[3] / "steps" / "board_server"
    sources = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    assert [] == [
        word for word in ("open(", "pathlib", "read_text", "send_file") if word in sources.replace("_open", "")
    ]
