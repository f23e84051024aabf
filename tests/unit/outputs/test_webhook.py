"""A webhook's URL is a secret, its refusal is final, its silence is not."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import pytest
import requests
import responses

from steps.errors import PermanentError, SettingsError, TemporaryError
from steps.outputs.webhook import post

URL = "https://hooks.example/T0/secret-part"


@pytest.fixture
def url_file(tmp_path: Path) -> str:
    """Return a file with the URL, as a Secret is mounted."""
    file = tmp_path / "url"
    file.write_text(f"{URL}\n")
    return str(file)


@responses.activate
def test_the_body_is_sent_as_json(url_file: str) -> None:
    """Once."""
    sent = responses.post(URL)
    post(url_file, {"text": "shop: promoted"})
    assert [{"text": "shop: promoted"}] == [json.loads(call.request.body or "") for call in sent.calls]


@responses.activate
def test_no_message_has_the_url(url_file: str) -> None:
    """Neither where it refuses nor where nobody answers, nor in the causes of the error."""
    responses.post(URL, status=404)
    with pytest.raises(PermanentError) as refused:
        post(url_file, {})
    responses.replace(responses.POST, URL, body=requests.ConnectionError(f"cannot reach {URL}"))
    with pytest.raises(TemporaryError) as silent:
        post(url_file, {})
    for caught in (refused, silent):
        assert "secret-part" not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@responses.activate
def test_trouble_is_tried_again(url_file: str) -> None:
    """503, then 200."""
    responses.post(URL, status=503)
    answered = responses.post(URL)
    post(url_file, {})
    assert 1 == answered.call_count


@responses.activate
def test_a_webhook_that_refuses_connections_is_given_up_after_three_attempts(url_file: str) -> None:
    """An exit handler waits for it."""
    refusing = responses.post(URL, body=requests.ConnectionError("refused"))
    with pytest.raises(TemporaryError, match="no answer"):
        post(url_file, {})
    assert 3 == refusing.call_count


@pytest.mark.parametrize("dripping", [False, True])
def test_a_webhook_that_is_silent_or_drips_is_given_up_in_time(dripping: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    """The limit holds for all attempts together, however each byte that comes revives the socket's own time-out."""
    given_up = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answer with a header without an end, or with nothing."""

        def do_POST(self) -> None:
            """Go on until nobody waits any more."""
            while not given_up.wait(0.05):
                if dripping:
                    self.wfile.write(b"x")

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # nobody reads what it drips
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file = tmp_path / "url"
    file.write_text(f"http://127.0.0.1:{server.server_port}/secret-part")
    try:
        with pytest.raises(TemporaryError, match="no answer"):
            post(str(file), {}, seconds=0.5)
    finally:
        given_up.set()
        server.shutdown()
        server.server_close()


def test_a_file_without_a_url_is_refused(tmp_path: Path) -> None:
    """And a missing one, by the flag's name."""
    (tmp_path / "empty").write_text("")
    for name in ("empty", "missing"):
        with pytest.raises(SettingsError, match="--webhook-url-file"):
            post(str(tmp_path / name), {})
