"""Build the collaborators of a step from its settings; each is built only when a step asks for it."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from steps.actions.teardown import TeardownPolicy
from steps.beside import arms_of, custom_metrics, objective_of
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.connection import Connection
from steps.errors import SettingsError
from steps.evidence.definitions.custom_metrics import CustomMetric
from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.definitions.pod_owners import PodOwners
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Recorder
from steps.judge.rules import PassRule, Rules
from steps.model.names import ReleaseNames
from steps.settings.cluster import ClusterSettings
from steps.settings.conventions import release_names
from steps.settings.judge import JudgeSettings
from steps.settings.mappings import parse_header
from steps.settings.objectives import latency_objective
from steps.settings.prometheus import PrometheusSettings
from steps.settings.release import ReleaseSettings
from steps.settings.workload import DrainSettings
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Parts:
    """The collaborators of a step that acts on a cluster."""

    cluster: Cluster
    names: ReleaseNames
    traffic: Traffic
    workload: Workload


def parts_of(settings: ReleaseSettings) -> Parts:
    """Connect to the API server and name the objects of the release."""
    cluster, namespace = cluster_of(settings)
    names = release_names(settings, namespace)
    structlog.contextvars.bind_contextvars(namespace=names.namespace, app=names.app)
    if run := getattr(settings, "run", ""):
        structlog.contextvars.bind_contextvars(run=run)
    return Parts(cluster, names, Traffic(cluster), Workload(cluster, claim_key(names.app)))


def cluster_of(settings: ClusterSettings) -> tuple[Cluster, str]:
    """Connect to the API server; return it and the namespace of the settings."""
    connection = _connection(settings)
    return _cluster(settings, connection), settings.namespace or namespace_of(connection)


def namespace_of(connection: Connection) -> str:
    """Return the pod's namespace, else the one of the kubeconfig's context, else "default"."""
    if _POD_NAMESPACE.exists():
        return _POD_NAMESPACE.read_text(encoding="utf-8").strip()
    return connection.default_namespace


def _connection(settings: ClusterSettings) -> Connection:
    return Connection(settings.kubeconfig, settings.context, settings.api_timeout_seconds, settings.api_retry_seconds)


def _cluster(settings: ClusterSettings, connection: Connection) -> Cluster:
    return _rehearsal(connection) if getattr(settings, "dry_run", False) else Cluster(connection)


def _rehearsal(connection: Connection) -> Cluster:
    from steps.cluster.dry_run import DryRunCluster  # noqa: PLC0415 - JSON Patch is loaded only for a rehearsal

    return DryRunCluster(connection)


def rehearsal_of(settings: ClusterSettings) -> Cluster:
    """Return a cluster whose writes stay in this process, whatever the settings say."""
    return _rehearsal(_connection(settings))


def teardown_policy_of(settings: DrainSettings, cluster: Cluster) -> TeardownPolicy:
    """Return the time limits for the end of a run; a dry run does not wait."""
    pause = _no_pause if cluster.is_dry_run else time.sleep
    ready = getattr(settings, "ready_timeout_seconds", 300.0)
    return TeardownPolicy(ready, settings.drain_seconds, pause)


def with_dry_run_summary(end: StepEnd, cluster: Cluster) -> StepEnd:
    """Add to the end of a dry run what it would have written, for the closing log line."""
    if not cluster.is_dry_run:
        return end
    return replace(end, summary={**end.summary, "dry_run": True, "would_write": list(cluster.planned_writes)})


def _no_pause(seconds: float) -> None:
    del seconds


def reader_of(
    settings: PrometheusSettings, names: ReleaseNames, workload: Workload, tape: Recorder | None = None
) -> EvidenceReader:
    """Return the reader of both arms' metrics, with custom ones if the settings have any; it has queried nothing yet.

    `workload` finds the pods that custom metrics come from. A tape records every response.

    Raises:
        SettingsError: credentials or certificates are incomplete, a label is used twice, or no metric is left to judge.
    """
    _both(settings, "prometheus_username", "prometheus_password_file")
    _both(settings, "prometheus_cert_file", "prometheus_key_file")
    access = Access(
        url=settings.prometheus_url,
        timeout_seconds=settings.prometheus_timeout_seconds,
        token_file=_path(settings.prometheus_token_file),
        username=settings.prometheus_username or None,
        password_file=_path(settings.prometheus_password_file),
        headers=dict(parse_header(line, "--prometheus-header") for line in settings.prometheus_header if line),
        ca_file=_path(settings.prometheus_ca_file),
        client_cert=_path(settings.prometheus_cert_file),
        client_key=_path(settings.prometheus_key_file),
    )
    prometheus = Prometheus(access, record=tape.write_response if tape else None)
    custom = custom_metrics(settings, names)
    _check_sources(settings, custom)
    return EvidenceReader(
        prometheus,
        arms_of(settings, names),
        reporter=settings.reporter,
        custom=custom,
        names=ConfiguredNames(
            settings.requests_metric, settings.duration_metric, settings.duration_unit, settings.response_bytes_metric
        ),
        pods=PodOwners(lambda deployments: workload.pod_names(names.namespace, deployments)),
        mesh=not settings.without_mesh_metrics,
        ignored_answers=settings.ignore_answers,
        latency_objective=objective_of(settings),
    )


def _check_sources(settings: PrometheusSettings, custom: tuple[CustomMetric, ...]) -> None:
    twice = {settings.arm_label, *(metric.label for metric in custom)} & set(settings.metric_labels)
    if twice:
        cause = f"--metric-labels: {min(twice)} tells the arms apart (arm-label); remove it"
        raise SettingsError("reading the settings", cause)
    if settings.without_mesh_metrics and not custom:
        cause = "--without-mesh-metrics: needs at least one custom metric to judge by; name it under `metrics:`"
        raise SettingsError("reading the settings", cause)


def rules_of(settings: JudgeSettings) -> Rules:
    """Return the judge's rules."""
    objective = latency_objective(settings.latency_slo)
    return Rules(
        alpha=settings.alpha,
        pass_rule=PassRule(settings.pass_rule),
        ratio=settings.tolerated_ratio,
        success_slo=settings.success_slo or None,
        latency_slo=1.0 - objective.quantile if objective else None,
        latency_limit_ms=objective.limit_ms if objective else None,
        must_detect=settings.must_detect,
        min_requests=settings.min_requests,
        min_seconds=settings.min_seconds,
        min_strata=settings.min_scrapes,
        patience_seconds=settings.patience_seconds,
        max_restarts=settings.max_restarts,
        warmup_seconds=settings.warmup_seconds,
        down_fail_seconds=settings.down_fail_seconds,
        unready_fail_seconds=settings.unready_fail_seconds,
        disruption_seconds=settings.disruption_seconds,
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _both(settings: PrometheusSettings, first: str, second: str) -> None:
    if bool(getattr(settings, first)) != bool(getattr(settings, second)):
        flags = [f"--{name.replace('_', '-')}" for name in (first, second)]
        raise SettingsError("reading the settings", f"{flags[0]} and {flags[1]} go together: set both or none")
