"""The Prometheus process: scrapes the gateways (and sidecars) every second, and can be stopped and started again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.lab.embedded.addresses import ADMIN_PORT, PROMETHEUS_PORT
from tests.lab.embedded.mesh.envoy import binary
from tests.lab.embedded.mesh.metrics import relabelling
from tests.lab.embedded.scraping import Scraping
from tests.support.kubernetes_api.kinds import Json
from tests.support.processes import Processes


def plain_jobs(gateways: list[str], sidecar_targets: Path) -> list[Json]:
    """Return the jobs of the plain set-up; a sidecar's target is a view of the first gateway's stats by pod."""
    shared: Json = {"metrics_path": "/stats/prometheus", "metric_relabel_configs": relabelling()}
    targets = [
        {"targets": [f"{address}:{ADMIN_PORT}"], "labels": {"pod": f"gateway-{number}", "namespace": "istio-system"}}
        for number, address in enumerate(gateways)
    ]
    as_pod = [
        {
            "source_labels": ["pod"],
            "target_label": "__param_filter",
            "replacement": r"^istio\..*\.reporting_pod\.$1\.",
        },
        {"source_labels": ["__address__"], "target_label": "instance"},
        {"target_label": "__address__", "replacement": f"{gateways[0]}:{ADMIN_PORT}"},
    ]
    return [
        {
            "job_name": "istio-ingressgateway",
            "params": {"filter": [r"^istio\..*reporter\.source\."]},
            "static_configs": targets,
            **shared,
        },
        {
            "job_name": "istio-proxy",
            "file_sd_configs": [{"files": [str(sidecar_targets)]}],
            "relabel_configs": as_pod,
            **shared,
        },
    ]


class Prometheus:
    """One Prometheus, which keeps its data over restarts."""

    def __init__(
        self, processes: Processes, folder: Path, address: str, jobs: list[Json], scraping: Scraping, seconds: float
    ) -> None:
        self._processes = processes
        self._folder = folder
        self._listen = f"{address}:{PROMETHEUS_PORT}"
        self.url = f"http://{self._listen}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)
        every = {"scrape_interval": f"{round(seconds * 1000)}ms", "scrape_timeout": "900ms"}
        rules, jobs = scraping.rules(seconds), scraping.jobs(jobs, self._listen)
        config: Json = {"global": every, "rule_files": [str(folder / "rules.yml")], "scrape_configs": jobs}
        # JSON is YAML.
        (folder / "rules.yml").write_text(json.dumps(rules, indent=1))
        (folder / "prometheus.yml").write_text(json.dumps(config, indent=1))

    def start(self) -> None:
        """Start it; samples come about six seconds later, as its discovery waits five."""
        if self._process is None:
            self._process = self._processes.start(
                "prometheus",
                [
                    binary("prometheus"),
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address={self._listen}",
                    "--log.level=warn",
                ],
            )

    def stop(self) -> None:
        """Terminate it."""
        self._end(grace_seconds=5.0)

    def kill(self) -> None:
        """Kill it, as out-of-memory would."""
        if self._process is not None:
            self._process.kill()
        self._end(grace_seconds=0.0)

    def _end(self, grace_seconds: float) -> None:
        if self._process is not None:
            self._processes.stop(self._process, grace_seconds)
        self._process = None
