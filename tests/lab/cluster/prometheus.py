"""Prometheus: scrapes the gateway and turns what istiod told Envoy into Istio's labels.

One that scrapes every second is always up; another can be started that scrapes as rarely as in production.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.cluster import build
from tests.lab.cluster.addresses import (
    GATEWAY,
    GATEWAY_ADMIN_PORT,
    NEWEST_PROMETHEUS_URL,
    NODE,
    PROMETHEUS_PORT,
    STATE,
    program,
)
from tests.lab.cluster.api import Json
from tests.lab.cluster.daemons import Daemon, answers, start, stop
from tests.lab.cluster.mesh import UPSTREAM_LABELS
from tests.lab.embedded.mesh.metrics import relabelling

_ENDPOINT = ("workload", "workload_namespace", "canonical_service", "canonical_revision")
"""The parts of an endpoint's `workload`, in istiod's order; the cluster follows them."""
_SERVICE = {
    "host": "destination_service",
    "name": "destination_service_name",
    "namespace": "destination_service_namespace",
}


def up(scrape_seconds: int = 1) -> str:
    """Start one and return its URL, without waiting for its first sample, which comes about six seconds later."""
    name = "prometheus" if scrape_seconds == 1 else f"prometheus-{scrape_seconds}s"
    url = f"http://{NODE}:{PROMETHEUS_PORT + scrape_seconds - 1}"
    start(_daemon(name, program("prometheus"), url, scrape_seconds))
    return url


@contextmanager
def newest() -> Iterator[str]:
    """Run the newest major version beside the Debian package's, building it if needed; return its URL."""
    build.build(("prometheus",))
    daemon = _daemon("prometheus-newest", str(build.binary("prometheus")), NEWEST_PROMETHEUS_URL)
    start(daemon)
    try:
        yield NEWEST_PROMETHEUS_URL
    finally:
        stop(daemon.name)


def _daemon(name: str, binary: str, url: str, scrape_seconds: int = 1) -> Daemon:
    folder = STATE / name
    folder.mkdir(exist_ok=True)
    # JSON is YAML.
    (folder / "prometheus.yml").write_text(json.dumps(_configuration(scrape_seconds), indent=1))
    command = (
        binary,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--log.level=warn",
    )
    return Daemon(name, command, answers(f"{url}/-/ready"))


def _configuration(scrape_seconds: int) -> Json:
    targets = {
        "targets": [f"{GATEWAY}:{GATEWAY_ADMIN_PORT}"],
        "labels": {"pod": "gateway-0", "namespace": "istio-system"},
    }
    job = {
        "job_name": "istio-ingressgateway",
        "metrics_path": "/stats/prometheus",
        "params": {"filter": [r"^istio\."]},
        "static_configs": [targets],
        "metric_relabel_configs": [
            *_parts(),
            *relabelling(),
            {"regex": "|".join(UPSTREAM_LABELS), "action": "labeldrop"},
        ],
    }
    every = {"scrape_interval": f"{scrape_seconds}s", "scrape_timeout": "900ms"}
    return {"global": every, "scrape_configs": [job]}


def _parts() -> list[Json]:
    """Return the rules that split the endpoint's and the service's description into labels."""
    before = [rf"(?:[^;]*;){{{position}}}([^;]*)(?:;.*)?" for position in range(len(_ENDPOINT))]
    of_endpoint = [
        {"source_labels": ["ep_workload"], "regex": regex, "target_label": f"destination_{name}"}
        for name, regex in zip(_ENDPOINT, before, strict=True)
    ]
    of_service = [
        {"source_labels": ["cl_services"], "regex": rf'.*"{key}":"([^"]*)".*', "target_label": label}
        for key, label in _SERVICE.items()
    ]
    return of_endpoint + of_service
