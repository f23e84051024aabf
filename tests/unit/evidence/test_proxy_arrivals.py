"""Requests at pods, as their own proxies count them."""

from __future__ import annotations

import pytest

from steps.evidence.proxy_arrivals import ProxyArrivals, users_requests
from steps.model.arrivals import Arrivals

GATEWAY = 'reporter="destination",source_workload="ingress",source_principal="spiffe://cluster.local/ns/a/sa/b"'
KUBELET = 'reporter="destination",source_workload="unknown",source_principal="unknown"'


def line(labels: str, value: str) -> str:
    """Return a line of Envoy's statistics."""
    return f'istio_requests_total{{{labels},response_code="200"}} {value}\n'


def page(users: float) -> str:
    """Return a page with other statistics around the users' requests and kubelet's."""
    head = "# TYPE istio_requests_total counter\nenvoy_server_uptime{} 12\n"
    return head + line(GATEWAY, str(users)) + line(KUBELET, "900") + "istio_requests_total_created{} 1\n"


class Pods:
    """Pods with proxies whose pages a test sets."""

    def __init__(self, **pages: str | None) -> None:
        self.pages: dict[str, str | None] = dict(pages)
        self.addresses = {name: f"10.0.0.{number}" for number, name in enumerate(pages, 1)}
        self.asked: list[str] = []

    def look(self, *times: float) -> list[Arrivals | None]:
        """Return what is seen at these times, with one more user's request at each but the first."""
        watched = ProxyArrivals(lambda *_: sorted(self.addresses.items()), self.ask).watch("shop", ("canary",), 0.0)
        return [watched(at) for at in times]

    def ask(self, url: str) -> str | None:
        """Return the page of the pod behind an address."""
        self.asked.append(url)
        pod = next((name for name, at in self.addresses.items() if f"//{at}:" in url), "")
        return self.pages.get(pod) if ":15020/" in url else None


def test_health_checks_of_kubelet_are_not_users() -> None:
    """They come without a proxy: no source, no principal. Neither are requests that the pod itself sends."""
    assert [7.0] == list(users_requests(page(7)))
    assert [] == list(users_requests(line('reporter="source",source_workload="shop-canary"', "5")))


def test_a_source_without_mutual_tls_counts() -> None:
    """It is known by its workload alone."""
    plain = 'reporter="destination",source_workload="ingress",source_principal="unknown"'
    assert [3.0] == list(users_requests(line(plain, "3")))


@pytest.mark.parametrize(
    "text", ["", "\x00", "istio_requests_total{", line(GATEWAY, "NaN"), line(GATEWAY, "-3"), "{" * 99]
)
def test_a_page_that_is_not_of_a_proxy_counts_nothing(text: str) -> None:
    """An app's own page, or a hostile one."""
    assert [] == list(users_requests(text))


def test_an_increase_is_an_arrival_and_quiet_begins_after_it() -> None:
    """The first look knows no past."""
    pods = Pods(a=page(5), b=page(9))
    watched = ProxyArrivals(lambda *_: sorted(pods.addresses.items()), pods.ask).watch("shop", ("canary",), 0.0)
    first = watched(100.0)
    pods.pages["b"] = page(13)
    second, third = watched(102.0), watched(104.0)
    assert first is not None
    assert second is not None
    assert third is not None
    assert (100.0, 100.0, 0.0) == (first.counted_from, first.until, first.last)
    assert (102.0, 2.0) == (second.last, second.per_second)
    assert (102.0, 104.0, 0.0) == (third.last, third.until, third.per_second)


def test_pods_that_come_and_go_do_not_look_like_silence_or_traffic() -> None:
    """A new pod's requests are arrivals; one that is gone counts no more; a restarted proxy counts from 0."""
    pods = Pods(a=page(5), b=page(9))
    watched = ProxyArrivals(lambda *_: sorted(pods.addresses.items()), pods.ask).watch("shop", ("canary",), 0.0)
    watched(100.0)
    pods.pages = {"a": page(1)}
    quiet = watched(102.0)
    pods.pages, pods.addresses = {"a": page(1), "c": page(2)}, {"a": "10.0.0.1", "c": "10.0.0.3"}
    came = watched(104.0)
    assert quiet is not None
    assert came is not None
    assert (0.0, 104.0) == (quiet.last, came.last)


def test_pods_without_a_proxy_show_nothing() -> None:
    """Then the limit decides. Both ports are asked."""
    pods = Pods(a=None)
    assert [None] == pods.look(1.0)
    assert [15090, 15020] == [int(url.split(":")[2].split("/")[0]) for url in pods.asked]


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "metadata", "10.0.0.1:80/"])
def test_an_address_that_pods_do_not_have_is_not_asked(address: str) -> None:
    """Someone who may write a pod's status must not choose where requests go."""
    pods = Pods(a=page(1))
    pods.addresses = {"a": address}
    assert ([None], []) == (pods.look(1.0), pods.asked)


def test_a_large_canary_is_asked_in_part() -> None:
    """Twenty pods get the same requests as the others."""
    pods = Pods(**{f"pod-{number}": page(1) for number in range(40)})
    pods.look(1.0)
    assert 40 == len(pods.asked)
