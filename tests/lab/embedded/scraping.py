"""How a lab's Prometheus is set up: the plain way, or one of the variations found in real set-ups."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tests.lab.embedded.addresses import ADMIN_PORT
from tests.support.kubernetes_api.kinds import Json

_BOUNDS_MS = (
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
)  # fmt: skip
"""Envoy's bounds of histograms."""
_MILLISECONDS, _SECONDS = "istio_request_duration_milliseconds", "istio_request_duration_seconds"
_RECORDED, _SCRAPED = "workload:", "scraped:"
_OF_ONE_POD = ("instance", "namespace", "kubernetes_namespace")


@dataclass(frozen=True)
class World:
    """Another cluster whose series are in the same Prometheus, with the same names.

    Args:
        cluster: value of its label `cluster`.
        gateways: addresses of another lab's gateways (its `gateway_addresses`); empty for this lab's own once more.
    """

    cluster: str
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scraping:
    """Differences from the plain set-up, which scrapes each proxy once and keeps its names.

    Args:
        twice: a second job scrapes the same proxies, as Istio's annotation job does beside a PodMonitor: another job
            name, another spelling of `instance`, and `kubernetes_pod_name` in place of `pod`.
        cluster: value of a label `cluster` on all series, as Thanos or Mimir show an external label.
        worlds: other clusters in the same Prometheus.
        sums: `recorded`: rules write sums without pod and instance to `workload:istio_requests_total` and so on;
            `federated`: these sums are all there is, under the plain names, as a Prometheus that federates them has it.
        in_seconds: durations are `istio_request_duration_seconds` with bounds in seconds, as up to Istio 1.4; the
            series `_sum` stays in milliseconds, since relabelling changes no values.
        pod_label: name of the label that names the proxy's pod.
        unknown_service_namespace: failures without an endpoint have `destination_service_namespace="unknown"`, as
            before Istio 1.23.
        more_jobs: jobs for other targets than proxies.
    """

    twice: bool = False
    cluster: str = ""
    worlds: tuple[World, ...] = ()
    sums: Literal["", "recorded", "federated"] = ""
    in_seconds: bool = False
    pod_label: str = "pod"
    unknown_service_namespace: bool = False
    more_jobs: tuple[Json, ...] = ()

    def jobs(self, plain: list[Json], listen: str) -> list[Json]:
        """Return the scrape jobs, made from the plain ones (the gateways' first); `listen` is Prometheus' own."""
        found = [self._relabelled(job, self.cluster, self.pod_label) for job in plain]
        if self.twice:
            found += [self._relabelled(_again(job), self.cluster, "kubernetes_pod_name") for job in plain]
        for world in self.worlds:
            found.append(self._relabelled(_of_world(plain[0], world), world.cluster, self.pod_label))
        found += self.more_jobs
        return [*found, _federation(listen)] if self.sums == "federated" else found

    def rules(self, interval_seconds: float) -> Json:
        """Return a rule file that records the sums, with no group where none are wanted."""
        if not self.sums:
            return {"groups": []}
        duration = _SECONDS if self.in_seconds else _MILLISECONDS
        names = ["istio_requests_total", *(f"{duration}_{part}" for part in ("bucket", "count", "sum"))]
        scraped = _SCRAPED if self.sums == "federated" else ""
        without = ", ".join(dict.fromkeys((*_OF_ONE_POD, "pod", "kubernetes_pod_name", self.pod_label)))
        rules = [
            {"record": f"{_RECORDED}{name}", "expr": f"sum without({without}) ({scraped}{name})"} for name in names
        ]  # fmt: skip
        group = {"name": "istio.recording-rules", "interval": f"{round(interval_seconds * 1000)}ms", "rules": rules}
        return {"groups": [group]}

    def _relabelled(self, job: Json, cluster: str, pod_label: str) -> Json:
        targets: list[Json] = [{"target_label": "cluster", "replacement": cluster}] if cluster else []
        if pod_label != "pod":
            targets.append({"source_labels": ["pod"], "target_label": pod_label})
            targets.append({"regex": "pod", "action": "labeldrop"})
        metrics: list[Json] = _to_seconds() if self.in_seconds else []
        if self.unknown_service_namespace:
            metrics.append(
                {"source_labels": ["reporter", "destination_workload"], "regex": "source;unknown",
                 "target_label": "destination_service_namespace", "replacement": "unknown"}
            )  # fmt: skip
        if self.sums == "federated":
            metrics.append(_renamed("(istio_.*)", f"{_SCRAPED}$1"))
        return {
            **job,
            "relabel_configs": [*job.get("relabel_configs", []), *targets],
            "metric_relabel_configs": [*job["metric_relabel_configs"], *metrics],
        }


def _again(job: Json) -> Json:
    """Return a second job on the targets of one."""
    spelled = {
        "source_labels": ["pod", "namespace"],
        "separator": ".",
        "target_label": "instance",
        "replacement": "$1:15020",
    }
    moved = {"source_labels": ["namespace"], "target_label": "kubernetes_namespace"}
    dropped = {"regex": "namespace", "action": "labeldrop"}
    relabelling = [*job.get("relabel_configs", []), spelled, moved, dropped]
    return {**job, "job_name": f"kubernetes-pods-{job['job_name']}", "relabel_configs": relabelling}


def _of_world(job: Json, world: World) -> Json:
    """Return the job on the gateways of another cluster."""
    targets = [
        {"targets": [f"{address}:{ADMIN_PORT}"], "labels": {"pod": f"gateway-{number}", "namespace": "istio-system"}}
        for number, address in enumerate(world.gateways)
    ] or job["static_configs"]
    return {**job, "job_name": f"{job['job_name']}-{world.cluster}", "static_configs": targets}


def _federation(listen: str) -> Json:
    return {
        "job_name": "federation",
        "honor_labels": True,
        "metrics_path": "/federate",
        "params": {"match[]": [f'{{__name__=~"{_RECORDED}.*"}}']},
        "static_configs": [{"targets": [listen]}],
        "metric_relabel_configs": [_renamed(f"{_RECORDED}(.*)", "$1")],
    }


def _to_seconds() -> list[Json]:
    """Return rules that divide the bounds; from the smallest on, as the result of one must not match a later one."""
    bounds = [
        {
            "source_labels": ["__name__", "le"],
            "regex": f"{_MILLISECONDS}_bucket;{re.escape(f'{bound:g}' if bound < 1e6 else str(bound))}",
            "target_label": "le",
            "replacement": f"{bound / 1000:g}",
        }
        for bound in _BOUNDS_MS
    ]
    return [*bounds, _renamed(f"{_MILLISECONDS}_(.*)", f"{_SECONDS}_$1")]


def _renamed(regex: str, name: str) -> Json:
    return {"source_labels": ["__name__"], "regex": regex, "target_label": "__name__", "replacement": name}
