"""A real Prometheus evaluates every query for names, labels, clusters and pods; each namespace is a setup."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs

from steps.errors import PermanentError
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection
from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.definitions.pod_owners import PodOwners
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.upstreams import Service, Upstreams
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import LatencyObjective, MetricKind
from steps.model.pods import PodNames

pytestmark = pytest.mark.integration

SHOP = Upstreams(Service.of("shop", "versions"), Service.of("shop-canary", "versions"))
OTHER = Upstreams(Service.of("x", "versions"), Service.of("y", "versions"))
MILLISECONDS = ("0.5", "5", "100", "10000", "+Inf")
SECONDS = ("0.005", "0.1", "10", "+Inf")


def requests_of(namespace: str, workload: str = "shop", *, name: str = "istio_requests_total", **more: str) -> str:
    """Write one series of requests."""
    labels = {
        "reporter": "source",
        "destination_workload": workload,
        "destination_workload_namespace": namespace,
        "destination_service_name": "shop",
        "response_code": "200",
        **more,
    }
    pairs = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{pairs}}} 1000"


def durations_of(namespace: str, name: str, bounds: tuple[str, ...]) -> list[str]:
    """Write a histogram's buckets."""
    return [requests_of(namespace, name=name, le=bound) for bound in bounds]


EXPOSED = [
    *(requests_of("usual"), *durations_of("usual", "istio_request_duration_milliseconds_bucket", MILLISECONDS)),
    *(requests_of("old"), *durations_of("old", "istio_request_duration_seconds_bucket", SECONDS)),
    requests_of("recorded", name="workload:istio_requests_total"),
    *durations_of("recorded", "workload:istio_request_duration_milliseconds_bucket", MILLISECONDS),
    *(requests_of("worlds", cluster=cluster, source_app=cluster, app="caller") for cluster in ("eu", "us")),
    *(requests_of("callers", app=app, version=app, pod_template_hash=app) for app in ("a", "b")),
    *(
        requests_of("versions", name_, destination_version=version, destination_service_name=service)
        for name_, version, service in (
            ("reviews-v1", "v1", "shop"),
            ("reviews-v2", "v2", "shop-canary"),
            ("productpage-v1", "v1", "productpage"),
        )
    ),
    'asked_total{pod="collector-1",exported_pod="shop-6d4cf56db6-x7k2p",exported_namespace="pushed"} 10',
    'asked_total{pod="shop-migrate-abcde",namespace="scraped"} 10',
]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Start Prometheus on a target that exposes all setups at once."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = ("\n".join(EXPOSED) + "\n").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("prometheus")
    process, address = _started(folder, server.server_address[1])
    try:
        client = Prometheus(Access(address))
        _wait(address, client)
        yield client
    finally:
        process.terminate()
        process.wait(10)
        server.shutdown()
        server.server_close()


def _started(folder: Path, target: int) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: mesh\n  honor_labels: true\n  static_configs:\n"
        f"  - targets: ['127.0.0.1:{target}']\n"
    )
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    return subprocess.Popen(command, stderr=subprocess.DEVNULL), f"http://127.0.0.1:{port}"


def _wait(address: str, client: Prometheus) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if requests.get(f"{address}/-/ready", timeout=1).ok and client.query("asked_total").result:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    pytest.fail("Prometheus scraped nothing")


def arms(namespace: str, **more: str) -> ArmLabels:
    """Return the labels of the arms of a setup."""
    return ArmLabels("shop", "shop-canary", namespace, more=more, upstreams=SHOP)


def refused(reader: EvidenceReader) -> str:
    """Return the sentence of prepare's refusal."""
    with pytest.raises(PermanentError) as caught:
        reader.check()
    return str(caught.value)


def test_discovered_names_are_logged(prometheus: Prometheus) -> None:
    """Names, unit and reporter, in one event."""
    with capture_logs() as logs:
        assert () == EvidenceReader(prometheus, arms("usual")).check()
    (said,) = [entry for entry in logs if entry["event"] == "prometheus.found"]
    assert ("istio_request_duration_milliseconds_bucket", "ms", "source") == (
        said["duration"],
        said["duration_unit"],
        said["reporter"],
    )


def test_each_step_finds_the_seconds_of_an_old_istio(prometheus: Prometheus) -> None:
    """Prepare chooses the bounds, and the next pod finds their histogram."""
    first = EvidenceReader(prometheus, arms("old"))
    assert () == first.check()
    bounds = first.choose_bounds()
    assert max(bound for _, bound in bounds.latency) <= 10
    second = EvidenceReader(prometheus, arms("old"), bounds=bounds)
    found = second.read(time.time() - 5, time.time()).metrics
    latency = next(metric for metric in found if metric.kind is MetricKind.LATENCY)
    assert ("latency", "s") == (latency.name, latency.unit)
    assert "istio_request_duration_seconds_bucket" in latency.queries[0]


def test_recorded_names_are_offered_and_then_read(prometheus: Prometheus) -> None:
    """The durations are found by the prefix of the requests."""
    misspelt = EvidenceReader(prometheus, arms("x"), names=ConfiguredNames(requests="istio_request_total"))
    assert "it has istio_requests_total, workload:istio_requests_total: name the one" in refused(misspelt)
    wanted = ConfiguredNames(requests="workload:istio_requests_total")
    reader = EvidenceReader(prometheus, arms("recorded"), names=wanted)
    reader.check()
    assert reader.found is not None
    assert "workload:istio_request_duration_milliseconds_bucket" == reader.found.metrics.duration


def test_two_clusters_are_refused_until_one_is_named(prometheus: Prometheus) -> None:
    """The refusal lists them with the flag to add; a single analyze notes them; callers' labels do not matter."""
    assert "cluster is eu or us" in refused(EvidenceReader(prometheus, arms("worlds")))
    assert () != EvidenceReader(prometheus, arms("worlds", cluster="eu")).check()  # no durations there: said
    assert () != EvidenceReader(prometheus, arms("worlds", cluster="~e.")).check()
    assert () != EvidenceReader(prometheus, arms("callers")).check()
    notes = EvidenceReader(prometheus, arms("worlds")).read(time.time() - 5, time.time()).notes
    assert [True] == ["--metric-labels cluster=eu" in note for note in notes if "cluster" in note]


def test_labels_that_match_nothing_are_reported_with_existing_values(prometheus: Prometheus) -> None:
    """Values of the configured label, or of the arms' label."""
    assert "where cluster is eu, us" in refused(EvidenceReader(prometheus, arms("worlds", cluster="asia")))
    assert "destination_workload is productpage-v1, reviews-v1, reviews-v2" in refused(
        EvidenceReader(prometheus, arms("versions"))
    )
    assert "series of namespace callers, old," in refused(EvidenceReader(prometheus, arms("nowhere")))
    assert "there are series with reporter source" in refused(
        EvidenceReader(prometheus, arms("usual"), reporter="waypoint")
    )


def test_a_label_of_several_apps_is_narrowed_by_the_service(prometheus: Prometheus) -> None:
    """Productpage's v1 is not counted as reviews' stable; without the service it is refused."""
    named = ArmLabels("v1", "v2", "versions", "destination_version", upstreams=SHOP)
    reader = EvidenceReader(prometheus, named)
    reader.check()
    evidence = reader.read(time.time() - 5, time.time())
    assert 'destination_service_name=~"shop|shop-canary"' in evidence.metrics[0].queries[0]
    lost = EvidenceReader(prometheus, ArmLabels("v1", "v2", "versions", "destination_version", upstreams=OTHER))
    assert "productpage-v1, reviews-v1 have them" in refused(lost)


def test_an_objective_beyond_the_buckets_is_refused(prometheus: Prometheus) -> None:
    """With the bounds, in the unit of the histogram."""
    high = LatencyObjective(0.99, 20_000)
    assert "10000 ms is its largest bound" in refused(EvidenceReader(prometheus, arms("old"), latency_objective=high))
    (note,) = EvidenceReader(prometheus, arms("old"), latency_objective=LatencyObjective(0.99, 500)).check()
    assert "so 10000 ms is used" in note
    assert "has no istio_request_duration_milliseconds_bucket of stable" in refused(
        EvidenceReader(prometheus, arms("callers"), latency_objective=high)
    )


def test_a_unit_that_contradicts_the_bounds_is_refused(prometheus: Prometheus) -> None:
    """In both directions."""
    assert "which are seconds, but --duration-unit says milliseconds" in refused(
        EvidenceReader(prometheus, arms("old"), names=ConfiguredNames(unit="ms"))
    )
    assert "which are milliseconds, but --duration-unit says seconds" in refused(
        EvidenceReader(prometheus, arms("usual"), names=ConfiguredNames(unit="s"))
    )


def test_a_collectors_label_is_not_taken_for_the_apps_pods(prometheus: Prometheus) -> None:
    """`exported_pod` has them behind a collector; a Job's pods are not the Deployment's."""
    metric = CustomMetric("checkout", "shop", "shop-canary", Selection("failed_total"), Selection("asked_total"))
    known = PodNames({"shop": ("shop-6d4cf56db6-",)})
    reader = EvidenceReader(prometheus, arms("pushed"), custom=(metric,), pods=PodOwners(known=known))
    assert ["no series failed_total"] == [text[32:54] for text in reader.check_custom()]
    assert reader.found is not None
    assert {"checkout": ("exported_pod", "exported_namespace")} == reader.found.labels
    jobs = EvidenceReader(prometheus, arms("scraped"), custom=(metric,), pods=PodOwners(known=known))
    with pytest.raises(PermanentError, match="but none of stable's"):
        jobs.check_custom()
