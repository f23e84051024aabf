"""The audit of the locks by the real pip-audit, against a database of vulnerabilities on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.supply_chain.audit import BROKEN, FOUND, LOCKS, UNAUDITED, audit
from tools.supply_chain.image_lock import ROOT

pytestmark = pytest.mark.integration
FLAW = {
    "id": "PYSEC-2099-1",
    "summary": "It lets anyone in.",
    "modified": "2099-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "six", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
            "versions": ["1.17.0"],
        }
    ],
}


@contextmanager
def database(answer: Any, status: int = 200) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Serve an OSV database that gives one answer about `six`, and knows nothing about others."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer if asked["package"]["name"] == "six" else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Return a lock file of two packages."""
    path = tmp_path / "requirements.lock"
    path.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\nidna==3.10 --hash=sha256:{'1' * 64}\n")
    return path


def test_a_known_vulnerability_is_named_and_fails(lock: Path) -> None:
    """With the version that fixes it."""
    with database({"vulns": [FLAW]}) as url:
        ended = audit([lock], url)
    assert (FOUND, "six 1.17.0: PYSEC-2099-1, fixed in 2.0.0") == (ended.code, ended.lines[-1])


def test_no_known_vulnerability_passes(lock: Path) -> None:
    """And says how many packages were looked up."""
    with database({}) as url:
        ended = audit([lock], url)
    assert (0, ["2 packages audited, no known vulnerability"]) == (ended.code, ended.lines)


@pytest.mark.parametrize("status", [HTTPStatus.SERVICE_UNAVAILABLE, None])
def test_a_database_that_cannot_be_asked_is_not_a_pass(lock: Path, status: HTTPStatus | None) -> None:
    """It says so; None: nobody listens."""
    with database({}, status or 200) as url:
        ended = audit([lock], url if status else "http://127.0.0.1:9/v1/query")
    assert UNAUDITED == ended.code
    assert ended.lines[0].startswith("NOT AUDITED: ")


def test_an_unreadable_lock_is_a_failure(tmp_path: Path) -> None:
    """Not to be mistaken for a database that is away."""
    (tmp_path / "requirements.lock").write_text("six == == 1\n")
    with database({}) as url:
        assert BROKEN == audit([tmp_path / "requirements.lock"], url).code


def test_every_lock_is_audited() -> None:
    """A new one must be added to the list."""
    assert sorted(LOCKS) == sorted(path.name for path in ROOT.glob("*.lock"))
