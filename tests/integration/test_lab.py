"""The embedded lab itself: its metrics are what users saw, and its faults are like real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import View
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, VIRTUAL_SERVICE
from tests.support.processes import ROOT, start_time

pytestmark = pytest.mark.integration
Json = dict[str, Any]


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab in which the app `shop` serves and `shop-canary` is up at weight 0."""
    with EmbeddedLab() as lab:
        lab.registry.push("demo/shop:v1", uses_database=True)
        lab.registry.push("demo/shop:v2", uses_database=True)
        lab.deploy_app()
        lab.deploy_canary()
        lab.wait_until_rolled_out("shop-canary")
        yield lab


@pytest.fixture(autouse=True)
def put_back(lab: EmbeddedLab) -> Iterator[None]:
    """Undo what a test changed."""
    yield
    lab.api.faults.clear()
    lab.database(up=True)
    lab.override("shop-canary")
    set_weight(lab, 0)


def set_weight(lab: EmbeddedLab, weight: int, app: str = "shop") -> float:
    """Set the canary's weight over HTTP, as the product does; return when the server had answered."""
    path = f"apis/networking.istio.io/v1/namespaces/{lab.namespace}/virtualservices/{app}"
    weights = enumerate((100 - weight, weight))
    patch = [{"op": "add", "path": f"/spec/http/0/route/{i}/weight", "value": w} for i, w in weights]
    headers = {"Content-Type": "application/json-patch+json"}
    requests.patch(f"{lab.api.url}/{path}", data=json.dumps(patch), headers=headers, timeout=5).raise_for_status()
    return time.time()


def counted(lab: EmbeddedLab, selector: str) -> float:
    """Return a sum of istio_requests_total."""
    found = lab.query(f"sum(istio_requests_total{{{selector}}})")
    return float(found[0]["value"][1]) if found else 0.0


def test_a_weight_reaches_users_at_once_and_back(lab: EmbeddedLab) -> None:
    """Within a scrape interval, in both directions."""
    with lab.load(100) as load:
        load.wait_for(lambda view: len(view.records) > 20)
        up = set_weight(lab, 100)
        seen = load.wait_for(
            lambda view: view.since(up + 0.5).share("v2") == 1.0 and view.since(up + 0.5).records != ()
        )
        first = seen.first_exposure("v2")
        assert first is not None
        assert first - up < 0.5
        down = set_weight(lab, 0)
        seen = load.wait_for(lambda view: len(view.since(down + 0.5).records) > 20)
        assert seen.since(down + 0.5).share("v2") == 0.0
        assert seen.failures() == ()


def test_weights_are_kept_in_proportion(lab: EmbeddedLab) -> None:
    """A canary of 20 % gets about a fifth of the users."""
    begun = set_weight(lab, 20)
    with lab.load(150, seconds=6) as load:
        seen = load.wait_for(lambda view: len(view.since(begun).records) >= 750)
    assert seen.share("v2") == pytest.approx(0.2, abs=0.06)


def test_prometheus_counts_what_users_saw(lab: EmbeddedLab) -> None:
    """Exactly, by workload and code, after the last scrape."""
    lab.registry.push("demo/till:v2", error_ratio=1.0)
    lab.deploy_app("till", "demo/shop:v1", replicas=1)
    lab.deploy_canary("till", "demo/till:v2")
    lab.wait_until_rolled_out("till-canary")
    set_weight(lab, 30, "till")
    load = lab.load(100, "till")
    load.wait_for(lambda view: view.failed("v2") >= 30)
    seen = load.stop().versions()
    source = 'reporter="source",destination_workload_namespace="demo",destination_workload='
    # One more to stable: the lab's own check that the app is served.
    for selector, expected in (
        (f'{source}"till"', seen["v1"] + 1),
        (f'{source}"till-canary",response_code="500"', seen["v2"]),
    ):
        lab.wait_for(lambda: counted(lab, selector) == expected, what=f"{expected} requests of {selector}")  # noqa: B023


def test_a_shared_database_takes_both_arms_down(lab: EmbeddedLab) -> None:
    """And both come back."""
    set_weight(lab, 50)
    with lab.load(60) as load:
        lab.database(up=False)
        load.wait_for(lambda view: view.failed("v1") > 5 and view.failed("v2") > 5)
        lab.database(up=True)
        up = time.time() + 0.5
        seen = load.wait_for(lambda view: len(view.since(up).records) > 20)
        assert seen.since(up).failures() == ()


def test_without_endpoints_users_get_503_and_metrics_have_flag_uh(lab: EmbeddedLab) -> None:
    """The workload is unknown: a query by workload misses these requests."""
    lab.api.store.create(*_service("empty"))
    with lab.load(30, "empty") as load:
        load.wait_for(lambda view: view.statuses()[503] > 20)
    selector = 'response_code="503",response_flags="UH",destination_workload="unknown"'
    lab.wait_for(lambda: counted(lab, selector + ',destination_service_name="empty"') > 20)


def _service(name: str) -> tuple[Any, str, Json]:
    return SERVICE, "demo", manifests.service(name, {"app": name})


def test_subsets_of_one_host_are_distinguished(lab: EmbeddedLab) -> None:
    """The other topology of two arms."""
    lab.deploy_app("book", "demo/shop:v1", topology="subsets", replicas=1)
    canary = manifests.deployment("book-canary", "demo/shop:v2", 1, {"app": "book", "track": "canary"})
    lab.api.store.create(DEPLOYMENT, "demo", canary)
    lab.wait_until_rolled_out("book-canary")
    set_weight(lab, 50, "book")
    with lab.load(50, "book") as load:
        seen = load.wait_for(lambda view: len(view.records) > 60)
    assert set(seen.versions()) == {"v1", "v2"}


def test_api_faults_happen_as_configured(lab: EmbeddedLab) -> None:
    """Errors, lost answers, denials and callbacks, each for the calls that were named."""
    faults, url = lab.api.faults, f"{lab.api.url}/apis/networking.istio.io/v1/namespaces/demo/virtualservices/shop"
    faults.answer(503, verb="get", resource="virtualservices", times=2)
    assert [requests.get(url, timeout=5).status_code for _ in range(3)] == [503, 503, 200]
    written: list[str] = []
    faults.on_write(1, lambda call: written.append(call.name))
    faults.lose_answer(verb="patch", name="shop")
    with pytest.raises(requests.ConnectionError):
        set_weight(lab, 40)
    routes = lab.api.store.get(VIRTUAL_SERVICE, "demo", "shop")["spec"]["http"][0]["route"]
    assert ([route["weight"] for route in routes], written) == ([60, 40], ["shop"])
    faults.deny("patch", "virtualservices")
    with pytest.raises(requests.HTTPError, match="403"):
        set_weight(lab, 41)
    faults.clear()
    faults.hang(resource="virtualservices")
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=0.2)


def test_a_killed_prometheus_comes_back_with_its_data(lab: EmbeddedLab) -> None:
    """As after an out-of-memory kill."""
    with lab.load(30) as load:
        load.wait_for(lambda view: len(view.records) > 30)
    lab.wait_for(lambda: counted(lab, 'destination_workload="shop"') > 0)
    lab.prometheus.kill()
    assert lab.query("up") == []
    lab.prometheus.start()
    lab.wait_for(lambda: lab.query("up == 1"))
    assert counted(lab, 'destination_workload="shop"') > 0


def test_sidecars_report_as_destination_by_pod() -> None:
    """Each pod is a target of its own and counts its own requests."""
    with EmbeddedLab(reporter="destination", gateways=2) as lab:
        lab.registry.push("demo/shop:v1")
        lab.deploy_app(replicas=2)
        lab.wait_for(lambda: len(lab.query('up{job="istio-proxy"} == 1')) == 2, what="both sidecars scraped")
        with lab.load(60) as load:
            load.wait_for(lambda view: len(view.records) > 100)
        seen: View = load.view()
        users = 'source_workload="istio-ingressgateway",destination_workload="shop",response_code="200",reporter='
        # One more each: the lab's own check that the app is served.
        for reporter in ("source", "destination"):
            lab.wait_for(lambda: counted(lab, f'{users}"{reporter}"') == len(seen.records) + 1, what=reporter)  # noqa: B023
        assert len(lab.query(f'count by (pod) (istio_requests_total{{{users}"destination"}})')) == 2
        assert len(lab.query(f'count by (pod) (istio_requests_total{{{users}"source"}})')) == 2


def test_leftovers_of_a_killed_lab_are_cleaned_up_by_the_next() -> None:
    """No process of a killed lab outlives the start of the next."""
    command = [sys.executable, "-m", "tests.lab.embedded", "--json", "--rate", "5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += killed.stdout.readline()
        state = json.loads(text)["state"]
        with open(f"{state}/children") as children:  # noqa: PTH123 - one line
            left = [line.split() for line in children]
        os.kill(killed.pid, signal.SIGKILL)
    assert [start_time(int(pid)) == started for pid, started in left] == [True] * len(left)
    with EmbeddedLab(await_prometheus=False) as lab:
        lab.wait_for(lambda: all(start_time(int(pid)) != started for pid, started in left), what="their end")
        assert not os.path.exists(state)  # noqa: PTH110 - one word
