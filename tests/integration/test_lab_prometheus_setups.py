"""The lab's other Prometheus set-ups show the same traffic in another form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.scraping import Scraping, World
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE, Json

pytestmark = pytest.mark.integration
SHOP = 'destination_workload="shop",response_code="200"'


@pytest.fixture(scope="module")
def us() -> Iterator[EmbeddedLab]:
    """Return the lab of another cluster; its shop fails."""
    with EmbeddedLab(await_prometheus=False) as lab:
        lab.registry.push("demo/shop:v1")
        lab.deploy_app(replicas=1)
        lab.override("shop", error_ratio=1.0, error_status=503)
        yield lab


@pytest.fixture(scope="module")
def eu(us: EmbeddedLab) -> Iterator[EmbeddedLab]:
    """Return a lab whose Prometheus scrapes its proxies twice, in seconds, and the other cluster's as well."""
    scraping = Scraping(
        twice=True, cluster="eu", worlds=(World("us", us.gateway_addresses),), in_seconds=True,
        unknown_service_namespace=True,
    )  # fmt: skip
    with EmbeddedLab(scraping=scraping) as lab:
        lab.registry.push("demo/shop:v1")
        lab.deploy_app(replicas=1)
        yield lab


def totals(lab: EmbeddedLab, expression: str, *labels: str) -> dict[tuple[str, ...], float]:
    """Return sums of an expression by labels, "" where a series lacks one."""
    found = lab.query(f"sum by ({','.join(labels)}) ({expression})")
    return {tuple(one["metric"].get(label, "") for label in labels): float(one["value"][1]) for one in found}


def test_two_jobs_count_each_request_twice(eu: EmbeddedLab) -> None:
    """With another job, another instance and another pod label, so that a plain sum doubles."""
    with eu.load(40) as load:
        load.wait_for(lambda view: len(view.records) >= 40)
    sent = len(load.view().records)
    wanted = {
        ("istio-ingressgateway", f"{eu.gateway_addresses[0]}:15000", "gateway-0", ""),
        ("kubernetes-pods-istio-ingressgateway", "gateway-0.istio-system:15020", "", "gateway-0"),
    }
    labels = ("job", "instance", "pod", "kubernetes_pod_name")
    own = f'istio_requests_total{{cluster="eu",{SHOP}}}'

    def both_counted() -> bool:
        found = totals(eu, own, *labels)
        return set(found) == wanted and len(set(found.values())) == 1 and min(found.values()) >= sent

    eu.wait_for(both_counted, what=f"{sent} requests in both jobs")


def test_another_cluster_has_the_same_names_and_other_numbers(eu: EmbeddedLab, us: EmbeddedLab) -> None:
    """Only the label `cluster` distinguishes the two clusters."""
    with eu.load(40) as here, us.load(40) as there:
        here.wait_for(lambda view: len(view.records) >= 20)
        there.wait_for(lambda view: view.statuses()[503] >= 20)
    by_world = 'istio_requests_total{destination_workload="shop",job!~"kubernetes-pods.*"}'
    failed = there.view().statuses()[503]
    eu.wait_for(lambda: totals(eu, by_world, "cluster", "response_code").get(("us", "503")) == failed, what="us")
    assert {("eu", "200"), ("us", "200"), ("us", "503")} == set(totals(eu, by_world, "cluster", "response_code"))


def test_durations_may_be_in_seconds(eu: EmbeddedLab) -> None:
    """Under the old name and with bounds a thousandth of the new; nothing remains under the new name."""
    eu.wait_for(lambda: eu.query(f"istio_request_duration_seconds_bucket{{{SHOP}}}"), what="a histogram in seconds")
    bounds = set(totals(eu, "istio_request_duration_seconds_bucket", "le"))
    wanted = "0.0005 0.001 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 300 600 1800 3600 +Inf"
    assert bounds == {(bound,) for bound in wanted.split()}
    assert eu.query('{__name__=~"istio_request_duration_milliseconds.*"}') == []


def test_before_istio_1_23_the_namespace_of_a_failed_service_is_unknown(eu: EmbeddedLab) -> None:
    """Where no endpoint was chosen, and only there."""
    eu.api.store.create(SERVICE, "demo", manifests.service("nobody", {"app": "nobody"}))
    with eu.load(20, "nobody") as load:
        load.wait_for(lambda view: view.statuses()[503] >= 5)
    failed = 'istio_requests_total{cluster="eu",response_flags="UH",destination_service_name="nobody"}'
    eu.wait_for(lambda: eu.query(failed), what=failed)
    assert {("unknown",)} == set(totals(eu, failed, "destination_service_namespace"))
    served = f'istio_requests_total{{cluster="eu",{SHOP}}}'
    assert {("demo",)} == set(totals(eu, served, "destination_service_namespace"))


def test_federated_sums_have_no_pod_and_fall_when_a_pod_goes() -> None:
    """They carry the plain names, and a fall is not a reset of any counter."""
    with EmbeddedLab(reporter="destination", scraping=Scraping(sums="federated")) as lab:
        lab.registry.push("demo/shop:v1")
        lab.deploy_app(replicas=2)
        sums = f'istio_requests_total{{reporter="destination",{SHOP}}}'
        with lab.load(60) as load:
            load.wait_for(lambda view: len(view.records) >= 100)
        sent = len(load.view().records)
        lab.wait_for(lambda: totals(lab, sums, "pod", "instance").get(("", ""), 0) >= sent, what="the sum")
        before = totals(lab, sums, "pod")[("",)]

        def shrink(item: Json) -> Json:
            return {**item, "spec": {**item["spec"], "replicas": 1}}

        lab.api.store.change(DEPLOYMENT, "demo", "shop", shrink)
        lab.wait_for(lambda: totals(lab, sums, "pod")[("",)] < before, what="the fall of the sum")
        assert lab.query(f'{sums[:-1]},pod!=""}}') == []


def test_recorded_sums_stand_beside_series_of_pods_with_another_label() -> None:
    """As Istio's documentation records them for production."""
    with EmbeddedLab(scraping=Scraping(sums="recorded", pod_label="kubernetes_pod_name")) as lab:
        lab.registry.push("demo/shop:v1")
        lab.deploy_app(replicas=1)
        with lab.load(40) as load:
            load.wait_for(lambda view: len(view.records) >= 40)
        sent = len(load.view().records) + 1
        labels = ("pod", "kubernetes_pod_name", "instance")
        recorded, plain = f"workload:istio_requests_total{{{SHOP}}}", f"istio_requests_total{{{SHOP}}}"
        lab.wait_for(lambda: totals(lab, recorded, *labels) == {("", "", ""): sent}, what="the recorded sum")
        assert {("", "gateway-0")} == {key[:2] for key in totals(lab, plain, *labels)}
        assert lab.query("workload:istio_request_duration_milliseconds_bucket") != []
