"""Push samples to a Pushgateway: one group for each app, which a later push replaces as a whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import groupby
from typing import Final

import requests
from requests.auth import AuthBase

from steps.errors import PermanentError, TemporaryError
from steps.http_client.client import HttpClient
from steps.http_client.limits import Answer, AnswerTooLargeError, Limits
from steps.model.listing import ListedApp
from steps.outputs.metrics.exposition import registry_of
from steps.outputs.metrics.samples import Sample, samples_of

JOB: Final = "canary-steps"
_DOING: Final = "pushing metrics"
_MAX_BYTES: Final = 1 << 16
"""Of its answer, whose beginning stands in the error."""


@dataclass(frozen=True, slots=True)
class Pushgateway:
    """A Pushgateway.

    Args:
        url: base address, without credentials.
        seconds: time limit of one request (> 0).
        auth: adds credentials to each request.
        headers: sent unchanged.
        ca_file: certificates to trust instead of the system's, "" for these.
        client: certificate and key for mutual TLS, None without.
        wants: whether an app is pushed.
    """

    url: str
    seconds: float
    auth: AuthBase
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    client: tuple[str, str] | None = None
    wants: Callable[[ListedApp], bool] = lambda _: True

    def write(self, apps: Sequence[ListedApp]) -> None:
        """Replace the groups of the apps that are pushed.

        Raises:
            TemporaryError: no answer, or 429 or 5xx. PermanentError: the Pushgateway refuses.
        """
        from prometheus_client.exposition import push_to_gateway  # noqa: PLC0415 - see exposition.py

        samples = sorted(samples_of(filter(self.wants, apps)), key=_app_of)
        for (namespace, app), group in groupby(samples, key=_app_of):
            key = {"namespace": namespace, "app": app}
            registry = registry_of(group)
            push_to_gateway(self.url, JOB, registry, key, timeout=self.seconds, handler=self._handler)

    def _handler(
        self, url: str, method: str, timeout: float | None, headers: Sequence[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        """Return the request as prometheus_client wants it, whose own one knows neither tokens nor certificates."""

        def send() -> None:
            options = {"auth": self.auth, "verify": self.ca_file or None, "cert": self.client}
            client, limits = HttpClient(), Limits(timeout or self.seconds, _MAX_BYTES, cuts=True)
            try:
                answer = client.send(
                    method, url, limits, data=data, headers={**self.headers, **dict(headers)}, **options
                )
            except (requests.RequestException, AnswerTooLargeError, OSError) as error:
                raise TemporaryError(_DOING, f"no answer from {self.url} ({type(error).__name__}: {error})") from error
            finally:
                client.close()
            _check(answer, self.url)

        return send


def _app_of(sample: Sample) -> tuple[str, str]:
    return sample.labels[0], sample.labels[1]


def _check(answer: Answer, url: str) -> None:
    text = answer.content.decode("utf-8", "replace")
    said = f"{url} answered {answer.status}: {' '.join(text.split())[:200]}"
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TemporaryError(_DOING, said)
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise PermanentError(_DOING, f"{said}. Check --pushgateway-url and its credentials.")
