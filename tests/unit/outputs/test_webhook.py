"""A webhook's URL is a secret, its refusal is final, its silence is not."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from pathlib import Path

import pytest
import requests
import responses

from steps.errors import PermanentError, SettingsError, TemporaryError
from steps.outputs.webhook import Message, post

URL = "https://hooks.example/T0/secret-part"
EMPTY = Message({})


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
    post(url_file, Message({"text": "shop: promoted"}))
    assert [{"text": "shop: promoted"}] == [json.loads(call.request.body or "") for call in sent.calls]


@responses.activate
def test_an_event_has_its_media_type(url_file: str) -> None:
    """By which receivers know a CloudEvent in structured mode; text outside ASCII arrives as it is."""
    sent = responses.post(URL)
    post(url_file, Message({"reason": "50 %: gut, größer"}, "application/cloudevents+json"))
    [call] = sent.calls
    assert "application/cloudevents+json" == call.request.headers["Content-Type"]
    assert {"reason": "50 %: gut, größer"} == json.loads(call.request.body or "")


@responses.activate
def test_no_message_has_the_url(url_file: str) -> None:
    """Neither where it refuses nor where nobody answers, nor in the causes of the error."""
    responses.post(URL, status=404)
    with pytest.raises(PermanentError) as refused:
        post(url_file, EMPTY)
    responses.replace(responses.POST, URL, body=requests.ConnectionError(f"cannot reach {URL}"))
    with pytest.raises(TemporaryError) as silent:
        post(url_file, EMPTY)
    for caught in (refused, silent):
        assert "secret-part" not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@responses.activate
def test_trouble_is_tried_again(url_file: str) -> None:
    """503, then 200."""
    responses.post(URL, status=503)
    answered = responses.post(URL)
    post(url_file, EMPTY)
    assert 1 == answered.call_count


@responses.activate
def test_a_webhook_that_refuses_connections_is_given_up_after_three_attempts(url_file: str) -> None:
    """An exit handler waits for it."""
    refusing = responses.post(URL, body=requests.ConnectionError("refused"))
    with pytest.raises(TemporaryError, match="no answer"):
        post(url_file, EMPTY)
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
            post(str(file), EMPTY, seconds=0.5)
    finally:
        given_up.set()
        server.shutdown()
        server.server_close()


def test_a_file_without_a_url_is_refused(tmp_path: Path) -> None:
    """And a missing one, by the flag's name."""
    (tmp_path / "empty").write_text("")
    for name in ("empty", "missing"):
        with pytest.raises(SettingsError, match="--webhook-url-file"):
            post(str(tmp_path / name), EMPTY)


@responses.activate
@pytest.mark.parametrize("place", ["beside the URL", "named"])
def test_a_token_is_sent_as_a_bearer(url_file: str, tmp_path: Path, place: str) -> None:
    """From the file that the flag names, else from key `token` of the same Secret."""
    sent = responses.post(URL)
    file = tmp_path / ("token" if place == "beside the URL" else "another")
    file.write_text("s3cret\n")
    post(url_file, EMPTY, token_file="" if place == "beside the URL" else str(file))
    assert ["Bearer s3cret"] == [call.request.headers.get("Authorization") for call in sent.calls]


@responses.activate
def test_without_a_token_nothing_is_claimed(url_file: str) -> None:
    """Slack's URL is the secret itself."""
    sent = responses.post(URL)
    post(url_file, EMPTY)
    assert [None] == [call.request.headers.get("Authorization") for call in sent.calls]


@pytest.mark.parametrize("content", [b"", b"s3cret two", b"s3cret\nX-Evil: 1", "s3crét".encode(), b"s3cret\xff\xfe"])
def test_a_bad_token_is_refused_without_showing_it(url_file: str, tmp_path: Path, content: bytes) -> None:
    """Empty, of several words or lines, or no text: a header cannot hold it."""
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SettingsError, match="--webhook-token-file") as refused:
        post(url_file, EMPTY)
    assert "s3c" not in str(refused.value)


def test_a_missing_token_file_that_a_flag_names_is_refused(url_file: str, tmp_path: Path) -> None:
    """Without it the receiver would refuse, for a reason that nobody sees."""
    with pytest.raises(SettingsError, match=r"--webhook-token-file.*No such file"):
        post(url_file, EMPTY, token_file=str(tmp_path / "nowhere"))


@responses.activate
@pytest.mark.parametrize(
    ("status", "said"),
    [(400, "URL"), (401, "token"), (403, "token"), (404, "URL"), (410, "URL"), (413, "size"), (302, "URL")],
)
def test_a_refusal_is_final_and_says_what_to_check(url_file: str, tmp_path: Path, status: int, said: str) -> None:
    """A redirect counts as one: it could carry the message and the token to another host."""
    (tmp_path / "token").write_text("s3cret")
    refusing = responses.post(URL, status=status, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(PermanentError, match=rf"answered {status}.*{said}") as refused:
        post(url_file, EMPTY)
    assert 1 == refusing.call_count
    assert "s3cret" not in str(refused.value)


@responses.activate
def test_a_rate_limit_is_waited_for(url_file: str) -> None:
    """429 with Retry-After, then 200."""
    responses.post(URL, status=429, headers={"Retry-After": "1"})
    answered = responses.post(URL)
    post(url_file, EMPTY)
    assert 1 == answered.call_count


@responses.activate
@pytest.mark.parametrize("url", ["https://grafana.example/sub", "https://grafana.example/sub/", "{}/api/annotations"])
def test_a_path_of_the_receiver_is_added_once(tmp_path: Path, url: str) -> None:
    """People paste the address of the page or that of the API."""
    (tmp_path / "url").write_text(url.format("https://grafana.example/sub"))
    sent = responses.post("https://grafana.example/sub/api/annotations")
    post(str(tmp_path / "url"), Message({}, path="/api/annotations"))
    assert 1 == sent.call_count


def test_an_endless_answer_is_not_read(tmp_path: Path) -> None:
    """The status comes first; the rest of the answer would only cost memory."""
    enough = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answer 200 with a body that goes on until the client leaves."""

        def do_POST(self) -> None:
            """Send until the connection breaks."""
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while not enough.is_set():
                    self.wfile.write(b"x" * 65536)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "url").write_text(f"http://127.0.0.1:{server.server_port}/")
    try:
        post(str(tmp_path / "url"), EMPTY, seconds=10.0)
    finally:
        enough.set()
        server.shutdown()
        server.server_close()
