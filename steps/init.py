"""init: print the YAML that an app still needs in this cluster before its first release.

Before: the app's Deployment and Service exist. `canary-steps init --app shop | kubectl apply -f -`
Writes: nothing to the cluster; the documents to standard output. Existing objects are not printed, changed or not: if a
person has to edit one, a comment shows the lines and a warning goes to stderr.
Exit codes: 0 · 2 · 3 · 4 no Deployment or Service to start from.
"""

import sys
from typing import Annotated

import structlog
from pydantic import Field
from pydantic_settings import NoDecode

from steps.cluster.api import Cluster
from steps.manifests.accounts import accounts
from steps.manifests.app_manifests import AppManifests, exists, has_shipped_role
from steps.manifests.config_map import config_map
from steps.manifests.manifest import Document, Manifest, ManualEdit, as_yaml
from steps.manifests.trial import try_release
from steps.model.names import ReleaseNames
from steps.model.workload import Topology
from steps.settings.kubernetes_names import QualifiedName, SubdomainName
from steps.settings.lists import CommaSeparated
from steps.settings.release import ReleaseSettings
from steps.settings.workload import BaselineSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import dry_run_cluster_of, parts_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS: tuple[str, ...] = ()


class Settings(ReleaseSettings, BaselineSettings):
    """Print the YAML that an app still needs before its first release."""

    gateway: Annotated[tuple[QualifiedName, ...], NoDecode, CommaSeparated] = Field(
        (), description="Istio Gateways, `namespace/name`, that a new VirtualService serves in addition to the mesh."
    )
    host: Annotated[tuple[SubdomainName, ...], NoDecode, CommaSeparated] = Field(
        (), description="Further host names of a new VirtualService, as clients outside the cluster use them."
    )
    rbac: bool = Field(default=True, description="Also print accounts, roles and bindings.")


def run(settings: Settings, names: ReleaseNames, cluster: Cluster, traffic: Traffic) -> list[Document]:
    """Return what is missing; see the module's docstring."""
    wanted: list[Document] = []
    if settings.rbac and not has_shipped_role(cluster, names):
        wanted += accounts(names, baseline=settings.baseline)
    wanted.append(config_map(names, _given(settings)))
    app = AppManifests(names, cluster, traffic, settings.host, settings.gateway)
    wanted += app.target_named() if names.topology is Topology.TARGET_NAMED else app.stable_named()
    return [one for one in wanted if isinstance(one, ManualEdit) or not exists(cluster, one)]


def _given(settings: Settings) -> dict[str, str]:
    """Return the given names as lines of canary.yaml."""
    given = {
        name.replace("_", "-"): ",".join(value) if isinstance(value, tuple) else value
        for name in ReleaseSettings.model_fields
        if name not in {"config", "kubeconfig", "context", "log_format", "api_timeout_seconds", "api_retry_seconds"}
        and (value := getattr(settings, name)) not in ("", (), "stable-named")
    }
    return {**given, "baseline": "true"} if settings.baseline else given


def warn(settings: Settings, names: ReleaseNames, documents: list[Document], dry_run: Cluster) -> None:
    """Warn of edits by hand; without any, warn of what prepare would still refuse."""
    edits = [one.text for one in documents if isinstance(one, ManualEdit)]
    for text in edits:
        log.warning("init.by_hand", detail=" ".join(text.split()))
    subsets = names.stable_destination.subset or names.canary_destination.subset
    if edits or subsets or names.topology is not Topology.STABLE_NAMED:
        return  # a dry run knows neither lists nor pods that do not exist yet
    manifests = [one for one in documents if isinstance(one, Manifest)]
    try_release(manifests, names, dry_run, baseline=settings.baseline)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings, starts=True)
    documents = run(settings, parts.names, parts.cluster, parts.traffic)
    sys.stdout.write(as_yaml(documents))
    warn(settings, parts.names, documents, dry_run_cluster_of(settings))
    count = sum(isinstance(one, Manifest) for one in documents)
    return StepEnd({}, summary={"printed": count, "by_hand": len(documents) - count})


STEP = Step(Settings, RESULTS, main)
