"""bootstrap: make the serving Deployment from the one that people deploy, before any route leads to it.

Before: the Deployment that people deploy serves the users. `prepare --bootstrap` does the same for a new app.
Writes: Deployment `shop-primary`, a copy of `shop` as it is now; nothing if it exists. No route, no claim.
Exit codes: 0 made or exists · 2 · 3 not ready in time · 4 no Deployment to make it from, or its pods cannot start.
"""

from structlog.contextvars import bind_contextvars

from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.errors import SettingsError
from steps.model.names import ReleaseNames
from steps.model.workload import Release, Topology
from steps.settings.bootstrap import BootstrapSettings
from steps.settings.cluster import DryRunSettings
from steps.settings.conventions import conventional_names
from steps.settings.release import ReleaseSettings
from steps.settings.workload import ReadinessSettings
from steps.step import Step, StepEnd
from steps.wiring.cluster import cluster_of, with_dry_run_summary
from steps.workload.workload import Workload

RESULTS = ("outcome",)


class Settings(ReleaseSettings, BootstrapSettings, DryRunSettings, ReadinessSettings):
    """Make the serving Deployment of the target-named topology, if it does not exist, and wait until it is ready."""


def run(settings: Settings, names: ReleaseNames, workload: Workload) -> StepEnd:
    """Make one Deployment; see the module's docstring."""
    release = Release(
        namespace=names.namespace,
        stable=names.stable,
        canary=names.canary,
        stable_destination=names.stable_destination,
        canary_destination=names.canary_destination,
        topology=names.topology,
        stable_labels=settings.stable_labels,
    )
    made = workload.make_stable(release)
    workload.wait_ready(names.namespace, names.stable, None, settings.ready_timeout_seconds, lambda: None)
    return StepEnd({"outcome": "made" if made else "exists"})


def main(settings: Settings) -> StepEnd:
    """Connect to the API server and run the step."""
    if settings.topology != str(Topology.TARGET_NAMED):
        cause = f"--topology is {settings.topology!r}: only target-named has a Deployment to make; prepare makes others"
        raise SettingsError("naming the arms", cause)
    cluster, namespace = cluster_of(settings)
    bind_contextvars(namespace=namespace, app=settings.app)
    names = conventional_names(settings, namespace)
    return with_dry_run_summary(run(settings, names, _workload(cluster, names)), cluster)


def _workload(cluster: Cluster, names: ReleaseNames) -> Workload:
    return Workload(cluster, claim_key(names.app))


STEP = Step(Settings, RESULTS, main)
