"""What a step costs before it does anything: from process start to its first API request, and its peak memory."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

_SMALL_PARENT = """\
import os, subprocess, sys
step = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.wait4(step.pid, 0)[2].ru_maxrss)
"""

_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: bench
contexts: [{{name: bench, context: {{cluster: bench, user: bench, namespace: bench}}}}]
clusters: [{{name: bench, cluster: {{server: "{url}"}}}}]
users: [{{name: bench, user: {{token: bench}}}}]
"""


@dataclass(frozen=True)
class Start:
    """Median over several starts of one step.

    Args:
        step: the sub-command.
        seconds: wall time from the start of the process to its first API request.
        memory_mb: peak resident memory, MB.
        bare_ratio: `seconds` over the whole life of `python -c pass` in the same run.
    """

    step: str
    seconds: float
    memory_mb: float
    bare_ratio: float


class _Silence(ThreadingHTTPServer):
    """An API server that only knows when it was asked."""

    asked: list[float]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if isinstance(self.server, _Silence):
            self.server.asked.append(time.monotonic())
        self.send_error(404)

    do_POST = do_PATCH = do_GET  # noqa: N815 - named by http.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Stay silent."""


def measure(steps: dict[str, list[str]], repeats: int) -> list[Start]:
    """Start each step `repeats` times; the arguments are those that lead to a first API request."""
    bare = statistics.median(_bare() for _ in range(repeats))
    with _api() as (server, kubeconfig):
        return [_measured(step, flags, server, kubeconfig, repeats, bare) for step, flags in steps.items()]


def _measured(step: str, flags: list[str], server: _Silence, kubeconfig: Path, repeats: int, bare: float) -> Start:
    runs = [_once([step, "--kubeconfig", str(kubeconfig), *flags], server) for _ in range(repeats)]
    seconds = statistics.median(run[0] for run in runs)
    return Start(step, seconds, statistics.median(run[1] for run in runs), seconds / bare)


def _once(arguments: list[str], server: _Silence) -> tuple[float, float]:
    server.asked.clear()
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "steps", *arguments], stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=60)
    if not server.asked:
        raise RuntimeError(f"{arguments[0]} asked the API server nothing: {said.decode()[-500:]}")
    return server.asked[0] - began, _peak(arguments)


def _peak(arguments: list[str]) -> float:
    """Return the peak memory of a step, MB. A small process starts it: a child's peak is at least its parent's size."""
    command = [sys.executable, "-c", _SMALL_PARENT, sys.executable, "-m", "steps", *arguments]
    return int(subprocess.run(command, check=True, capture_output=True).stdout) / 1024


def _bare() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - began


@contextmanager
def _api() -> Iterator[tuple[_Silence, Path]]:
    server = _Silence(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with TemporaryDirectory() as folder:
            kubeconfig = Path(folder) / "kubeconfig"
            kubeconfig.write_text(_KUBECONFIG.format(url=f"http://127.0.0.1:{server.server_port}"))
            yield server, kubeconfig
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
