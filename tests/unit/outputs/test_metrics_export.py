"""Metrics leave a step without holding it up: file, Pushgateway, and what happens if they cannot be reached."""

from __future__ import annotations

import stat
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import responses
from requests.auth import HTTPBasicAuth
from structlog.testing import capture_logs

from steps.errors import Interrupted, PermanentError, TemporaryError
from steps.model.listing import ListedApp
from steps.model.looks import LastLook
from steps.model.run import ObjectName, Record
from steps.outputs.metrics.exporter import Exporter
from steps.outputs.metrics.pushgateway import Pushgateway
from steps.outputs.metrics.textfile import TextFile

RECORD = Record("zero", 1, "promoted", "healthy", 10.0, 40.0)
SHOP = ListedApp(ObjectName("demo", "shop"), "shop", record=RECORD)
TILL = ListedApp(ObjectName("demo", "till"), "till", record=RECORD)
URL = "http://pushgateway.example:9091"
LOOK = LastLook(20.0, 0.1)


class Kept:
    """A target that keeps what it gets, and may fail or hang."""

    def __init__(self, error: Exception | None = None, hangs: threading.Event | None = None) -> None:
        self.got: list[Sequence[ListedApp]] = []
        self._error, self._hangs = error, hangs

    def write(self, apps: Sequence[ListedApp]) -> None:
        """Keep the apps."""
        if self._hangs is not None:
            self._hangs.wait(10)
        if self._error is not None:
            raise self._error
        self.got.append(apps)


def test_the_file_is_replaced_as_a_whole_and_readable_for_others(tmp_path: Path) -> None:
    """A reader that opened the old one reads it to its end; nothing else stays in the folder."""
    path = tmp_path / "new" / "shop.prom"
    TextFile(str(path)).write([SHOP])
    with path.open() as old:
        TextFile(str(path)).write([TILL])
        assert 'app="shop"' in old.read()
    assert 'app="till"' in path.read_text()
    assert "# EOF" not in path.read_text()
    assert 0o644 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(path.parent.iterdir())


def test_a_file_that_cannot_be_written_names_its_flag(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    (tmp_path / "shop.prom").mkdir()
    with pytest.raises(PermanentError, match=r"--metrics-file = .*: Is a directory"):
        TextFile(str(tmp_path / "shop.prom")).write([SHOP])
    assert ["shop.prom"] == [one.name for one in tmp_path.iterdir()]


def gateway(**more: object) -> Pushgateway:
    """Return a Pushgateway with credentials."""
    return replace(Pushgateway(URL, 1.0, HTTPBasicAuth("user", "pass"), {"X-Scope": "team"}), **more)  # type: ignore[arg-type] # any field


@responses.activate
def test_each_app_is_a_group_that_is_replaced() -> None:
    """PUT, with the grouping key of job, namespace and app; credentials and headers are sent."""
    for name in ("shop", "till"):
        responses.put(f"{URL}/metrics/job/canary-steps/app/{name}/namespace/demo", status=202)
    gateway().write([SHOP, TILL])
    assert 2 == len(responses.calls)
    sent = responses.calls[0].request
    assert "canary_steps_weight_ratio" in str(sent.body)
    assert ("Basic dXNlcjpwYXNz", "team") == (sent.headers["Authorization"], sent.headers["X-Scope"])


@responses.activate
def test_only_wanted_apps_are_pushed() -> None:
    """Sweep pushes those whose run died."""
    responses.put(f"{URL}/metrics/job/canary-steps/app/till/namespace/demo", status=200)
    gateway(wants=lambda app: app.app == "till").write([SHOP, TILL])
    assert 1 == len(responses.calls)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ({"status": 503}, TemporaryError, "answered 503"),
        ({"status": 429}, TemporaryError, "answered 429"),
        ({"status": 400, "body": "pushed metrics are invalid"}, PermanentError, "pushed metrics are invalid"),
        ({"status": 401}, PermanentError, "--pushgateway-url and its credentials"),
        ({"status": 302}, PermanentError, "answered 302"),
        ({"body": requests.ConnectTimeout("slow")}, TemporaryError, "no answer"),
    ],
)
@responses.activate
def test_a_pushgateway_that_refuses_or_does_not_answer(
    answer: dict[str, object], error: type[Exception], said: str
) -> None:
    """The message says what it said, and which flag to look at."""
    responses.put(f"{URL}/metrics/job/canary-steps/app/shop/namespace/demo", **answer)
    with pytest.raises(error, match=said):
        gateway().write([SHOP])


def test_looks_do_not_wait_and_the_end_has_the_newest() -> None:
    """While a target hangs, looks return; the end is what the claim says then."""
    hangs = threading.Event()
    target = Kept(hangs=hangs)
    exporter = Exporter([target], lambda: [SHOP], 5.0)
    for number in range(3):
        exporter.look(replace(LOOK, at=float(number)))
    assert [] == target.got
    hangs.set()
    exporter.end()
    assert None is target.got[-1][0].look  # the run is over


def test_evidence_above_its_line_stays_after_the_end() -> None:
    """A fail may end a run before anybody scrapes it."""
    target = Kept()
    exporter = Exporter([target], lambda: [SHOP], 5.0)
    exporter.look(replace(LOOK, evidence=3.0))
    exporter.end()
    look = target.got[-1][0].look
    assert look is not None
    assert 3.0 == look.evidence


def test_an_analysis_without_a_run_shows_its_look_while_it_lasts() -> None:
    """It has no claim that could."""
    target = Kept()
    exporter = Exporter([target], lambda: [SHOP], 5.0, period_seconds=0.01)
    exporter.look(LOOK)
    until = threading.Event()
    for _ in range(500):
        if any(apps[0].look == LOOK for apps in list(target.got)):
            break
        until.wait(0.01)
    exporter.end()
    assert any(apps[0].look == LOOK for apps in target.got)
    assert None is target.got[-1][0].look


def test_a_target_that_hangs_holds_the_end_up_for_its_limit_only() -> None:
    """With a warning that names the flag."""
    hangs = threading.Event()
    exporter = Exporter([Kept(hangs=hangs)], lambda: [SHOP], 0.05)
    with capture_logs() as logged:
        exporter.end()
    hangs.set()
    assert ["not written or pushed within 0.05 s (--metrics-timeout-seconds)"] == [line["detail"] for line in logged]


@pytest.mark.parametrize("error", [TemporaryError("pushing metrics", "down"), ValueError("a defect")])
def test_a_target_that_fails_costs_one_warning_and_no_other_target(error: Exception) -> None:
    """However often it fails; a defect of ours is logged with its traceback."""
    other = Kept()
    with capture_logs() as logged:
        exporter = Exporter([other, Kept(error)], lambda: [SHOP], 5.0, period_seconds=0.01)
        while len(other.got) < 3:
            threading.Event().wait(0.01)
        exporter.end()
    names = [line["event"] for line in logged]
    assert names == ["metrics.lost"] if isinstance(error, TemporaryError) else set(names) == {"metrics.crashed"}


def test_an_api_server_that_cannot_be_read_is_a_warning() -> None:
    """Nothing is written then: no metrics are better than wrong ones."""

    def read() -> Sequence[ListedApp]:
        raise TemporaryError("reading", "no answer")

    target = Kept()
    with capture_logs() as logged:
        Exporter([target], read, 5.0).end()
    assert ([], ["metrics.lost"]) == (target.got, [line["event"] for line in logged])


def test_a_signal_during_the_last_export_does_not_change_how_the_step_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done: its result must be written."""
    hangs = threading.Event()
    exporter = Exporter([Kept(hangs=hangs)], lambda: [SHOP], 5.0)

    def interrupted(_self: threading.Thread, _seconds: float) -> None:
        raise Interrupted("working", "received SIGTERM.")

    with capture_logs() as logged, monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "join", interrupted)
        exporter.end()
    hangs.set()
    assert ["metrics.lost"] == [line["event"] for line in logged]
