"""A real Prometheus scrapes counters that the test controls; the reader must count every event exactly once."""

import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.evidence import Evidence, Series
from steps.model.judgement import Verdict

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on PATH"),
]

ARMS = ArmLabels("shop", "shop-canary", "ns")


@dataclass
class Proxy:
    """A scrape target with counters by (workload, response code)."""

    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    down: bool = False

    def text(self) -> str:
        """Return the exposition; durations follow the requests, all at 3 ms but the failed ones at 70."""
        lines = ["# TYPE istio_requests_total counter", "# TYPE istio_request_duration_milliseconds histogram"]
        for (workload, code), value in self.counters.items():
            labels = (
                f'reporter="source",destination_workload="{workload}",destination_workload_namespace="ns"'
                f',response_code="{code}"'
            )
            lines.append(f'istio_requests_total{{{labels},response_flags="-"}} {value}')
            for bound in ("5", "100", "+Inf"):
                inside = 0 if code == "500" and bound == "5" else value
                lines.append(f'istio_request_duration_milliseconds_bucket{{{labels},le="{bound}"}} {inside}')
        return "\n".join(lines) + "\n"


@pytest.fixture
def proxy() -> Iterator[tuple[Proxy, int]]:
    """Serve a Proxy on loopback."""
    state = Proxy()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = state.text().encode()
            self.send_response(500 if state.down else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state, server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def prometheus(proxy: tuple[Proxy, int], tmp_path: Path) -> Iterator[str]:
    """Start Prometheus with a scrape interval of 1 s on the proxy."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: mesh\n  static_configs:\n"
        f"  - targets: ['127.0.0.1:{proxy[1]}']\n"
    )
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _ready(address))
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/-/ready", timeout=1).ok
    except requests.ConnectionError:
        return False


def wait_for(condition: object, seconds: float = 20.0) -> None:
    """Poll a condition until it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if callable(condition) and condition():
            return
        time.sleep(0.1)
    pytest.fail("the awaited condition did not come")


def totals(series: Series) -> tuple[int, int, int, int]:
    """Sum the strata: stable total and bad, canary total and bad."""
    return (
        sum(s.stable.total for s in series.strata),
        sum(s.stable.bad for s in series.strata),
        sum(s.canary.total for s in series.strata),
        sum(s.canary.bad for s in series.strata),
    )


def test_counts_are_exact_across_birth_reset_and_gap(prometheus: str, proxy: tuple[Proxy, int]) -> None:
    """The first errors of a canary, a restarted proxy and missed scrapes lose or invent nothing."""
    state, _ = proxy
    state.counters[("shop", "200")] = 1000
    reader = EvidenceReader(Prometheus(Access(prometheus)), ARMS, bounds=Bounds((("p50", 5.0),)))
    started = time.time()

    def read() -> Evidence:
        return reader.read(started, time.time())

    def settled(stable: int, canary: int, bad: int) -> None:
        expected = (stable, 0, canary, bad)
        wait_for(lambda: (found := read()).metrics != () and totals(found.metrics[0].series[0]) == expected)
        wait_for(lambda: totals(read().metrics[1].series[0]) == expected)

    wait_for(lambda: read().problem is None)
    time.sleep(2.5)
    state.counters[("shop", "200")] += 100
    state.counters[("shop-canary", "500")] = 3  # birth: the very first errors
    settled(100, 3, 3)
    state.counters[("shop-canary", "200")] = 2
    state.counters[("shop", "200")] = 40  # reset
    settled(140, 5, 3)
    state.down = True  # gap
    time.sleep(2.5)
    state.counters[("shop", "200")] += 60
    state.counters[("shop-canary", "500")] += 4
    state.down = False
    settled(200, 9, 7)
    evidence = read()
    assert evidence.aligned
    assert evidence.reporter == "source"
    assert evidence.scrape_interval_seconds == pytest.approx(1.0, abs=0.1)
    state.down = True
    wait_for(lambda: (problem := read().problem) is not None and problem.kind == "metrics-late", 25)


def test_total_failure_is_decided_at_the_second_scrape(prometheus: str, proxy: tuple[Proxy, int]) -> None:
    """From counters through a real Prometheus to the verdict: 4 of 40 requests a second reach a dead canary."""
    state, _ = proxy
    state.counters[("shop", "200")] = 1000
    reader = EvidenceReader(Prometheus(Access(prometheus)), ARMS, bounds=Bounds((("p50", 5.0),)))
    wait_for(lambda: reader.read(time.time(), time.time()).problem is None)
    time.sleep(2.5)
    stop = threading.Event()

    def load() -> None:
        while not stop.wait(0.25):
            state.counters[("shop", "200")] += 9
            state.counters[("shop-canary", "503")] = state.counters.get(("shop-canary", "503"), 0) + 1

    started = time.time()
    users = threading.Thread(target=load)
    users.start()
    try:
        judgements = [judge(reader.read(started, time.time()), None, Rules(), deadline_reached=False)]
        while judgements[-1].verdict is Verdict.CONTINUE and time.time() < started + 10:
            time.sleep(0.1)
            judgements.append(judge(reader.read(started, time.time()), None, Rules(), deadline_reached=False))
    finally:
        stop.set()
        users.join()
    assert judgements[-1].verdict is Verdict.FAIL, judgements[-1].reason
    assert judgements[-1].strata == 2
    assert time.time() - started < 3.0
