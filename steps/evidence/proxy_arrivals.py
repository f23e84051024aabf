"""Requests that arrive at pods, by the counters of their own proxies: it needs no Prometheus.

Only requests of the mesh count: health checks of kubelet and other callers without a proxy have neither a source nor a
principal, and no VirtualService leads them.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Final

import requests

from steps.http_client.client import HttpClient
from steps.http_client.limits import AnswerTooLargeError, Limits
from steps.model.arrivals import Arrivals, LookAtArrivals

Addresses = Callable[[str, tuple[str, ...]], list[tuple[str, str]]]
"""Gets a namespace and Deployments; returns (pod, IP address) of their running pods."""

_PAGES: Final = (
    "15090/stats/prometheus?usedonly&filter=requests_total",
    "15020/stats/prometheus",
)
"""Envoy's own statistics, as few as it can send; else what the agent merges with the app's."""

_LIMITS: Final = Limits(2.0, 8 << 20, connect_seconds=1.0)
_MOST_PODS: Final = 20
_UNKNOWN: Final = frozenset({"", "unknown", "-"})
_LINE: Final = re.compile(
    r"^(?:envoy_)?istio_requests_total\{(?P<labels>.*)\} (?P<value>[0-9.eE+]+)(?: \d+)?$", re.MULTILINE
)
_LABEL: Final = re.compile(r'(?<![a-zA-Z0-9_])([a-zA-Z_][a-zA-Z0-9_]*+)="((?:[^"\\]|\\.)*+)"')
"""A name begins where no other one goes on, so each character is looked at once: any pod may answer with any page."""

_LONGEST_LINE: Final = 64 << 10
_MOST_REQUESTS: Final = 1e15
"""A counter beyond this cannot be true: no proxy lives that long, and the sum must stay a number."""


class ProxyArrivals:
    """Counts by asking the pods' proxies.

    Args:
        addresses: finds the pods.
        ask: gets a URL, returns the page or None; for tests.
    """

    def __init__(self, addresses: Addresses, ask: Callable[[str], str | None] | None = None) -> None:
        self._addresses = addresses
        self._ask = ask or _asker()

    def watch(self, namespace: str, deployments: tuple[str, ...], since: float) -> LookAtArrivals:
        """Begin to count; see `ArrivalSource`."""
        del since  # a proxy knows no past: only what it counts from now on is known
        counts: dict[str, float] = {}
        began = last = before = 0.0

        def look(now: float) -> Arrivals | None:
            nonlocal began, last, before
            found = self._counts(namespace, deployments)
            if not found:
                return None
            is_first, began = not counts, began or now
            more = 0.0 if is_first else sum(max(0.0, value - counts.get(pod, 0.0)) for pod, value in found.items())
            counts.update(found)
            last = now if more else last
            passed, before = now - before, now
            rate = more / passed if more and passed > 0 else 0.0
            interval = 0.0 if is_first else passed
            return Arrivals("the proxies of its pods", began, now, last, interval=interval, per_second=rate)

        return look

    def _counts(self, namespace: str, deployments: tuple[str, ...]) -> dict[str, float]:
        """Return pod → users' requests so far, of the pods whose proxy answers."""
        found: dict[str, float] = {}
        for pod, address in self._addresses(namespace, deployments)[:_MOST_PODS]:
            pages = (self._ask(f"http://{host}:{page}") for host in _host(address) for page in _PAGES)
            page = next((page for page in pages if page is not None), None)
            if page is not None:
                found[pod] = sum(users_requests(page))
        return found


def users_requests(page: str) -> Iterable[float]:
    """Yield the counters of requests that came through the mesh, on a page in Prometheus' text format."""
    for line in _LINE.finditer(page):
        labels = dict(_LABEL.findall(line["labels"])) if len(line[0]) <= _LONGEST_LINE else {}
        is_arrival = labels.get("reporter") == "destination"
        if is_arrival and not {labels.get("source_workload", ""), labels.get("source_principal", "")} <= _UNKNOWN:
            yield _count(line["value"])


def _count(text: str) -> float:
    """Return a counter, 0 for what cannot be a number of requests."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0.0 <= value <= _MOST_REQUESTS else 0.0


def _host(address: str) -> Iterable[str]:
    """Yield the address as a URL has it, if it can be a pod's: a status is written by others."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return
    if not (parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified):
        yield f"[{parsed}]" if parsed.version == 6 else str(parsed)  # noqa: PLR2004 - IPv6


def _asker() -> Callable[[str], str | None]:
    client = HttpClient()
    client.session.trust_env = False  # a pod is reached directly, whatever proxy the environment names

    def ask(url: str) -> str | None:
        try:
            answer = client.send("GET", url, _LIMITS)
        except (requests.RequestException, AnswerTooLargeError, OSError):
            return None
        return answer.content.decode("utf-8", "replace") if answer.status == 200 else None  # noqa: PLR2004 - OK

    return ask
