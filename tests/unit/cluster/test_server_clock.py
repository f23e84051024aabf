"""The API server's time where its answers have none, or none that can be read."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from steps.cluster.server_clock import ServerClock
from tests.support.shop_namespace import ShopNamespace

DATE = "Fri, 27 Nov 2026 12:00:00 GMT"
AT = 1_795_780_800.0
UNREADABLE = [
    None,
    "",
    "yesterday",
    "Fri, 99 Nov 2026 12:00:00 GMT",
    "Fri, 27 Nov 99999 12:00:00 GMT",
    "Mon, 01 Jan 0000 00:00:00 GMT",
    "1",
    "\x00",
    "Fri, 27 Nov 2026 12:00:00 +99999999999999",
]


@pytest.mark.parametrize("date", UNREADABLE)
def test_without_any_usable_date_the_local_clock_counts_and_a_warning_says_so_once(date: str | None) -> None:
    """A rollback must not end because a proxy drops a header."""
    clock = ServerClock(monotonic=lambda: 0.0, local=lambda: 7.0)
    with capture_logs() as logs:
        clock.update(date)
        assert [7.0, 7.0] == [clock.now(), clock.now()]
    assert ["cluster.no_server_time"] == [one["event"] for one in logs]


@pytest.mark.parametrize("date", UNREADABLE)
def test_the_last_known_time_goes_on(date: str | None) -> None:
    """By the seconds since then, not by the clock of this machine."""
    seconds = [10.0]
    clock = ServerClock(monotonic=lambda: seconds[0], local=lambda: 7.0)
    with capture_logs() as logs:
        clock.update(DATE)
        seconds[0] = 25.0
        clock.update(date)
        clock.update(date)
        assert AT + 15.0 == clock.now()
    assert ["cluster.no_server_time"] == [one["event"] for one in logs]


def test_a_whole_run_goes_on_without_a_date(shop: ShopNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claim, weight, retreat."""
    shop.add()
    monkeypatch.setattr("tests.support.kubernetes_api.server.format_datetime", lambda *_, **__: "no date")
    traffic = shop.traffic()
    claim, _ = traffic.set_weight(shop.claim(traffic=traffic), 10)
    traffic.retreat(claim, "bad")
    assert [[100, 0], [None], [100, 0]] == shop.weights()
