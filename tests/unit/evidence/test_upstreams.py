"""The arm of a request that failed before an upstream was chosen: by service, by subset, or unknown."""

import pytest

from steps.beside import arms_of
from steps.evidence.definitions.unattributed_requests import unattributed_selector
from steps.evidence.definitions.upstreams import EITHER_ARM, Service, Upstreams
from steps.model.evidence import Arm
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.settings.prometheus import PrometheusSettings

HOSTS = Upstreams(Service("shop", "ns"), Service("shop-canary", "ns"), "shop")
SUBSETS = Upstreams(Service("shop", "ns", "v1"), Service("shop", "ns", "v2"), "shop")


def lost(host: str, name: str | None = None, **labels: str) -> dict[str, str]:
    """Make the labels that a caller's proxy gives a request without an upstream: only the service is known."""
    return {
        "destination_workload": "unknown",
        "destination_workload_namespace": "unknown",
        "destination_service": host,
        "destination_service_name": host.partition(".")[0] if name is None else name,
        "destination_service_namespace": "unknown",
        "response_code": "503",
        "response_flags": "UH",
        **labels,
    }


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop", Service("shop", "ns")),
        ("Shop", Service("shop", "ns")),
        ("shop.other", Service("shop", "other")),
        ("shop.other.svc", Service("shop", "other")),
        ("shop.other.svc.cluster.local", Service("shop", "other")),
        ("shop.example.com", Service("shop.example.com", "")),
    ],
)
def test_a_destinations_host_is_read_in_every_spelling(host: str, expected: Service) -> None:
    """Short names are completed by the VirtualService's namespace; other hosts keep their whole name."""
    assert expected == Service.of(host, "ns")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (lost("shop.ns.svc.cluster.local"), Arm.STABLE),
        (lost("shop-canary.ns.svc.cluster.local"), Arm.CANARY),
        (lost("shop-canary.ns.svc.corp.internal"), Arm.CANARY),
        (lost("shop-canary.ns.svc.cluster.local:8080"), Arm.CANARY),
        (lost("shop-canary.ns.svc.cluster.local", destination_service_namespace="gateways"), Arm.CANARY),
        (lost("unknown", "shop-canary", destination_service_namespace="ns"), Arm.CANARY),
        (lost("", "shop-canary"), Arm.CANARY),
        (lost("shop-canary.other.svc.cluster.local"), None),
        (lost("shop-canary.nsx.svc.cluster.local"), None),
        (lost("", "shop-canary", destination_service_namespace="other"), None),
        (lost("shop-canary-2.ns.svc.cluster.local"), None),
        (lost("shop-canary.ns.svc.cluster.local", destination_workload="shop"), None),
        ({"destination_workload": "unknown"}, None),
        ({}, None),
    ],
)
def test_arms_with_hosts_of_their_own_are_told_apart(labels: dict[str, str], expected: Arm | None) -> None:
    """By the full host, or by name and namespace if the host is unknown; another namespace's does not count."""
    assert expected == HOSTS.attribute(labels)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (lost("shop.ns.svc.cluster.local"), EITHER_ARM),
        (lost("shop.ns.svc.cluster.local", destination_subset="v1"), Arm.STABLE),
        (lost("shop.ns.svc.cluster.local", destination_subset="v2"), Arm.CANARY),
        (lost("shop.ns.svc.cluster.local", destination_subset="v3"), None),
        (lost("cart.ns.svc.cluster.local"), None),
    ],
)
def test_subsets_of_one_host_need_a_label_to_be_told_apart(labels: dict[str, str], expected: Arm | None) -> None:
    """Istio's standard metrics have no subset; a label that a team adds may have it."""
    assert expected == SUBSETS.attribute(labels)


def test_a_baseline_shares_the_canarys_service() -> None:
    """So its failures may be either's; those of stable's own Service are stable's."""
    found = [HOSTS.attribute(lost(f"{name}.ns.svc"), baseline=True) for name in ("shop", "shop-canary")]
    assert [Arm.STABLE, EITHER_ARM] == found


@pytest.mark.parametrize(
    ("host", "caller", "expected"),
    [
        ("shop.ns.svc.cluster.local", "ns", EITHER_ARM),
        ("shop-canary.ns:8080", "other", EITHER_ARM),
        ("shop", "ns", EITHER_ARM),
        ("shop", "", EITHER_ARM),
        ("shop", "other", None),
        ("unknown", "istio-system", EITHER_ARM),
        ("cart", "ns", None),
        ("shop.example.com", "ns", None),
    ],
)
def test_a_request_without_a_cluster_never_counts_for_an_arm(host: str, caller: str, expected: str | None) -> None:
    """Its host is what the caller named: `shop` may have been routed to a canary whose Service is missing."""
    labels = lost(host, host, response_flags="NC", source_workload_namespace=caller)
    assert expected == HOSTS.attribute(labels)


def names(stable: Destination, canary: Destination, namespace: str = "ns") -> ReleaseNames:
    """Make the names of a release whose VirtualService is in `namespace`."""
    entry = ObjectName(namespace, "shop")
    return ReleaseNames("shop", "ns", "shop", "shop-canary", "shop-baseline", (entry,), (), stable, canary)


def test_the_services_come_from_the_destinations() -> None:
    """Short hosts mean the VirtualService's namespace, as in Istio."""
    given = names(Destination("shop.ns.svc.cluster.local", "v1"), Destination("shop-canary"), "gateways")
    expected = Upstreams(Service("shop", "ns", "v1"), Service("shop-canary", "gateways"), "shop")
    assert expected == arms_of(PrometheusSettings.model_validate({}), given).upstreams
    assert expected == Upstreams.from_json(
        {"stable": {"name": "shop", "namespace": "ns", "subset": "v1"},
         "canary": {"name": "shop-canary", "namespace": "gateways", "subset": ""}, "app": "shop"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reporter", "counted_by"), [("source", "source"), ("destination", "source"), ("waypoint", "waypoint")]
)
def test_the_selector_reads_the_callers_proxies(reporter: str, counted_by: str) -> None:
    """No pod ever saw such a request, so `destination` never counts it. Every name is escaped."""
    arms = arms_of(
        PrometheusSettings.model_validate({}), names(Destination("shop"), Destination("shop.v2.example.com"))
    )
    expected = (
        f'istio_requests_total{{reporter="{counted_by}",destination_workload="unknown",'
        'destination_service_name=~"(shop|shop\\\\.v2\\\\.example\\\\.com)([.:].*)?|unknown"}'
    )
    assert expected == unattributed_selector("istio_requests_total", arms, reporter)
