"""The client: one request in, one whole answer out, within the limits whatever the server does."""

import threading
from http import HTTPStatus
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError

from steps.http_client.exchange import Exchange
from steps.http_client.limits import Answer, AnswerTooLargeError, Limits
from steps.http_client.transport import BoundedAdapter, current

_CHUNK: Final = 1 << 16
_GRACE_SECONDS: Final = 0.25
"""By which the talking thread may be late: it knows the deadline itself, and its error says more."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """See no redirects: even where none is followed, `requests` would read the body of each without a limit."""


class HttpClient:
    """A session of `requests` whose exchanges have limits; redirects are never followed, cookies never kept.

    Attributes:
        session: for headers and certificates that all requests share.
    """

    def __init__(self, adapter: HTTPAdapter | None = None) -> None:
        self.session: requests.Session = _Session()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, adapter or BoundedAdapter())
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def send(self, method: str, url: str, limits: Limits, **options: Any) -> Answer:
        """Send a request and return its whole answer.

        The exchange runs in a thread, since nothing else can be left that waits for a name to resolve. At the
        deadline its socket is closed, whatever it waits for.

        Args:
            method: of HTTP.
            url: http or https.
            limits: of this exchange.
            options: of `requests`: headers, params, data, auth, verify, cert.

        Raises:
            AnswerTooLargeError: headers or body exceed the limits.
            requests.RequestException: the answer is missing or not complete; the type says why, as `requests` has it.
            OSError: a file with a secret or a certificate cannot be read.
        """
        exchange = Exchange(limits)
        ended: list[Answer | BaseException] = []
        thread = threading.Thread(
            target=lambda: ended.append(self._talk(exchange, method, url, options)), name="http", daemon=True
        )
        thread.start()
        try:
            thread.join(limits.seconds + _GRACE_SECONDS)
        finally:  # also for a signal: nothing goes on talking
            # A connection whose exchange failed serves no other one.
            exchange.end(cut=not (ended and isinstance(ended[0], Answer)))
        if not ended:
            raise requests.ReadTimeout if exchange.is_connected else requests.ConnectTimeout
        if isinstance(ended[0], BaseException):
            raise ended[0]
        return ended[0]

    def close(self) -> None:
        """Close the connections that are kept."""
        self.session.close()

    def _talk(self, exchange: Exchange, method: str, url: str, options: dict[str, Any]) -> Answer | BaseException:
        current.exchange = exchange
        limits = exchange.limits
        timeout = (min(limits.connect_seconds, limits.seconds), limits.seconds)
        try:
            with self.session.request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, **options
            ) as response:
                content = _content(response, exchange) if limits.max_bytes else b""
                return Answer(response.status_code, response.headers, content, exchange.elapsed())
        except TimeoutError:
            return requests.ReadTimeout()
        except (HTTPError, HTTPException, ValueError) as fault:
            # What `requests` lets through: a name or a header that cannot be sent.
            return fault if isinstance(fault, requests.RequestException) else requests.exceptions.InvalidURL(str(fault))
        except BaseException as fault:  # noqa: BLE001 - it is raised in the thread that waits
            return fault


def _content(response: requests.Response, exchange: Exchange) -> bytes:
    try:
        return _body(response, exchange)
    except (requests.RequestException, AnswerTooLargeError):
        if response.status_code < HTTPStatus.BAD_REQUEST:
            raise
        return b""


def _body(response: requests.Response, exchange: Exchange) -> bytes:
    """Return the decompressed body.

    Raises:
        AnswerTooLargeError: it is too large. ReadTimeout: it took too long. ChunkedEncodingError: it was cut off.
        ContentDecodingError: its compression is broken.
    """
    limits, found = exchange.limits, bytearray()
    try:
        # read1 returns what has arrived; iter_content would wait for a whole chunk.
        while part := response.raw.read1(_CHUNK, decode_content=True):
            found += part
            if len(found) > limits.max_bytes and not limits.cuts:
                raise AnswerTooLargeError
            if len(found) >= limits.max_bytes and limits.cuts:
                break
            exchange.remaining()
    except (ReadTimeoutError, TimeoutError) as fault:
        raise requests.ReadTimeout from fault
    except DecodeError as fault:
        raise requests.exceptions.ContentDecodingError from fault
    except HTTPError as fault:
        raise requests.exceptions.ChunkedEncodingError from fault
    return bytes(found[: limits.max_bytes])
