"""Connect a step to the API server and name the objects of its release."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.connection import Connection
from steps.model.names import ReleaseNames
from steps.settings.cluster import ClusterSettings
from steps.settings.promotion import PromotionSettings
from steps.settings.release import ReleaseSettings
from steps.settings.workload import DrainSettings
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.arrivals import arrivals_of
from steps.wiring.names import find_names
from steps.workload.workload import Workload

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Parts:
    """The collaborators of a step that acts on a cluster."""

    cluster: Cluster
    names: ReleaseNames
    claims: Claims
    traffic: Traffic
    workload: Workload


def parts_of(settings: ReleaseSettings, *, starts: bool = False) -> Parts:
    """Connect to the API server and name the objects of the release; `starts`: the step begins one."""
    cluster, namespace = cluster_of(settings)
    structlog.contextvars.bind_contextvars(namespace=namespace, app=settings.app)
    if settings.run_id:
        structlog.contextvars.bind_contextvars(run=settings.run_id)
    names = find_names(cluster, settings, namespace, starts=starts)
    claims = Claims(cluster)
    return Parts(cluster, names, claims, Traffic(cluster, claims), Workload(cluster, claim_key(names.app)))


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
    return _dry_run_cluster(connection) if settings.is_dry_run else Cluster(connection)


def _dry_run_cluster(connection: Connection) -> Cluster:
    from steps.cluster.dry_run import DryRunCluster  # noqa: PLC0415 - JSON Patch is loaded only for a dry run

    return DryRunCluster(connection)


def teardown_policy_of(settings: DrainSettings, cluster: Cluster, names: ReleaseNames | None = None) -> TeardownPolicy:
    """Return the time limits for the end of a run; a dry run does not wait, nor does a step that does not promote.

    `names` of the release tell its arms apart in Prometheus; without them the claims do.
    """
    pause = _no_pause if cluster.is_dry_run else time.sleep
    policy = TeardownPolicy(
        settings.ready_timeout_seconds,
        settings.drain_seconds,
        pause,
        drain_limit_seconds=settings.drain_limit_seconds,
        arrivals=arrivals_of(settings, cluster, names),
    )
    if not isinstance(settings, PromotionSettings):
        return policy
    standby = 0.0 if cluster.is_dry_run else settings.standby_seconds
    return replace(policy, standby_seconds=standby, keep_standby=settings.keep_standby)


def with_dry_run_summary(end: StepEnd, cluster: Cluster) -> StepEnd:
    """Add to the end of a dry run what it would have written, for the closing log line."""
    if not cluster.is_dry_run:
        return end
    return replace(end, summary={**end.summary, "dry_run": True, "would_write": list(cluster.planned_writes)})


def _no_pause(seconds: float) -> None:
    del seconds
