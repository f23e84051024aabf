"""What the board costs with 500 apps: the time of a page view, and the peak memory of its process."""

import http.client
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.board_apps import fill
from tests.support.kubernetes_api import StandInApi

APPS = 500
_NAMESPACES = tuple(f"team-{number}" for number in range(8))


@dataclass(frozen=True)
class BoardCost:
    """Median over several page views.

    Args:
        page_ms: from the request to the last byte of the page.
        metrics_ms: the same for /metrics.
        memory_mb: peak resident memory after reads and page views, MB.
    """

    page_ms: float
    metrics_ms: float
    memory_mb: float


def measure(repeats: int) -> BoardCost:
    """Start a board that reads 500 apps every second, and ask it `repeats` times for each."""
    with TemporaryDirectory() as folder, StandInApi(namespaces=_NAMESPACES) as api:
        fill(api, APPS, _NAMESPACES)
        kubeconfig = str(api.write_kubeconfig(Path(folder) / "kubeconfig"))
        flags = ("--kubeconfig", kubeconfig, "--all-namespaces", "--listen", "127.0.0.1:0", "--interval-seconds", "1")
        command = [sys.executable, "-m", "steps", "board", *flags]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                port = int(json.loads(process.stderr.readline())["port"])
                _wait_until_ready(port)
                page, metrics = (_median_ms(port, path, repeats) for path in ("/", "/metrics"))
                return BoardCost(page, metrics, _peak_mb(process.pid))
            finally:
                process.terminate()


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 30
    while _status(port, "/readyz") != http.client.OK:
        if time.monotonic() > deadline:
            raise RuntimeError("the board cannot read the stand-in API")
        time.sleep(0.05)


def _median_ms(port: int, path: str, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.monotonic()
        _status(port, path)
        times.append(1000 * (time.monotonic() - began))
    return statistics.median(times)


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024
