"""Reading the VirtualServices again and again: one request a namespace, whatever it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from steps.board_server.reader import BoardReader
from steps.board_server.snapshot import EVERYWHERE
from steps.cluster.api import Cluster
from steps.cluster.connection import Connection
from tests.support.board_apps import annotations_for, fill, store
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.faults import Call

NAMESPACES = ("pay", "shop")


@pytest.fixture
def api() -> Iterator[StandInApi]:
    """Return an API server with 20 apps in two namespaces."""
    with StandInApi(namespaces=NAMESPACES) as api:
        fill(api, 20, NAMESPACES)
        yield api


def reader_of(api: StandInApi, folder: Path, *namespaces: str) -> BoardReader:
    """Return a reader with a short time limit."""
    cluster = Cluster(Connection(str(api.write_kubeconfig(folder / "kubeconfig"))))
    return BoardReader(cluster.without_retries(0.5), namespaces or (EVERYWHERE,))


def lists(api: StandInApi) -> list[Call]:
    """Return the requests so far."""
    return list(api.faults.log)


def names(reader: BoardReader) -> set[str]:
    """Return the apps that may be shown now."""
    return {one.app.app for one in reader.snapshot.fresh(time.monotonic(), 30.0)}


@pytest.mark.parametrize("namespaces", [(EVERYWHERE,), NAMESPACES])
def test_a_read_is_one_request_a_namespace_from_the_servers_memory(
    api: StandInApi, tmp_path: Path, namespaces: tuple[str, ...]
) -> None:
    """However many apps there are: 20 or 500."""
    reader = reader_of(api, tmp_path, *namespaces)
    reader.read()
    reader.read()
    asked = lists(api)
    assert ["list"] * 2 * len(namespaces) == [call.verb for call in asked]
    assert {"0"} == {call.query.get("resourceVersion") for call in asked}
    assert 20 == len(names(reader))


def test_a_claim_over_two_namespaces_is_one_app(api: StandInApi, tmp_path: Path) -> None:
    """Its first VirtualService is among those that were read, so nothing else is asked."""
    given = annotations_for("wide", "running", time.time(), namespace="pay")
    given = {key: value.replace('"pay/wide":["main"]', '"pay/wide":["main"],"shop/wide":["main"]') for key, value in given.items()}  # fmt: skip  # noqa: E501 - JSON
    for namespace in NAMESPACES:
        store(api, namespace, "wide", **given)
    reader = reader_of(api, tmp_path, *NAMESPACES)
    reader.read()
    claimed = [one.app for one in reader.snapshot.entries if one.app.app == "wide" and one.app.claim]
    assert ["pay/wide"] == [str(one.virtual_service) for one in claimed]
    assert 2 == len(lists(api))


def test_a_namespace_that_is_forbidden_does_not_hide_the_other(api: StandInApi, tmp_path: Path) -> None:
    """And the error says which permission is missing where, and the command that grants it."""
    api.faults.answer(403, resource="virtualservices", when=lambda call: call.namespace == "pay", times=None)
    reader = reader_of(api, tmp_path, *NAMESPACES)
    reader.read()
    assert {f"app-{number:03d}" for number in range(1, 20, 2)} == names(reader)
    (failed,) = reader.snapshot.stale(time.monotonic(), 30.0).items()
    assert ("pay", 1) == (failed[0], failed[1].errors)
    assert "kubectl create role canary-steps-list --verb=list" in failed[1].error
    assert "-n pay" in failed[1].error


@pytest.mark.parametrize("fault", ["500", "429", "hang", "drop"])
def test_what_was_read_is_shown_until_it_is_too_old_and_comes_back(api: StandInApi, tmp_path: Path, fault: str) -> None:
    """A short fault of the API server is not worth a blank page; a long one is."""
    reader = reader_of(api, tmp_path)
    reader.read()
    known = reader.snapshot.reads[EVERYWHERE].succeeded
    assert known is not None
    if fault == "hang":
        api.faults.hang(5.0, times=None)
    elif fault == "drop":
        api.faults.drop(times=None)
    else:
        api.faults.answer(int(fault), times=None)
    for _ in range(2):
        reader.read()
    snapshot = reader.snapshot
    reads = snapshot.reads[EVERYWHERE]
    assert (known, 2) == (reads.succeeded, reads.errors)
    assert "API server" in reads.error
    assert (20, 0) == (len(snapshot.fresh(known + 30, 30.0)), len(snapshot.fresh(known + 30.1, 30.0)))
    api.faults.clear()
    reader.read()
    assert (20, "") == (len(names(reader)), reader.snapshot.reads[EVERYWHERE].error)


def test_a_defect_does_not_end_the_reads(api: StandInApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged; the next read comes all the same."""
    reader, stop = reader_of(api, tmp_path), Event()
    real, attempts = reader.read, []

    def read() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise KeyError("metadata")
        real()
        stop.set()

    monkeypatch.setattr(reader, "read", read)
    with capture_logs() as logged:
        reader.read_forever(0.01, stop)
    assert (2, 20) == (len(attempts), len(names(reader)))
    assert ["board.read_crashed"] == [line["event"] for line in logged]


def test_a_failure_is_logged_once_and_its_end_too(api: StandInApi, tmp_path: Path) -> None:
    """Not every five seconds."""
    reader = reader_of(api, tmp_path)
    with capture_logs() as logged:
        api.faults.deny("list", "virtualservices")
        for _ in range(3):
            reader.read()
        api.faults.clear()
        reader.read()
    assert ["board.cannot_read", "board.reads_again"] == [line["event"] for line in logged]
