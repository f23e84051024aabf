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

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, ROLE, SERVICE
from steps.errors import Forbidden, NotFound, StepError
from steps.manifests import accounts, config_map, other_arm, primary, routing
from steps.manifests.manifest import Document, Manifest, ManualEdit, as_yaml
from steps.model.names import ReleaseNames
from steps.model.workload import Release, Topology
from steps.settings.kubernetes_names import QualifiedName, SubdomainName
from steps.settings.lists import CommaSeparated
from steps.settings.release import ReleaseSettings
from steps.settings.workload import BaselineSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring import parts_of, rehearsal_of
from steps.workload.workload import Workload

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
    if settings.rbac and not _is_granted(cluster, names):
        wanted += accounts.accounts(names, baseline=settings.baseline)
    wanted.append(config_map.config_map(names, _given(settings)))
    by_stable = settings.topology == "stable-named"
    deployed = _deployed(cluster, names.namespace, names.stable if by_stable else names.canary)
    wanted += (_stable_named if by_stable else _target_named)(settings, names, cluster, traffic, deployed)
    return [one for one in wanted if isinstance(one, ManualEdit) or not _exists(cluster, one)]


def _stable_named(
    settings: Settings, names: ReleaseNames, cluster: Cluster, traffic: Traffic, stable: Object
) -> list[Document]:
    service = _service(cluster, names.namespace, names.stable_destination.host)
    found: list[Document] = []
    if names.canary_destination.host != names.stable_destination.host:
        found.append(other_arm.arm_service(service, stable, _first(names.canary_destination.host), names.canary))
    found += routing.destination_rule(cluster, names, stable, service)
    return [*found, *routing.virtual_services(cluster, traffic, names, service, settings.host, settings.gateway)]


def _target_named(
    settings: Settings, names: ReleaseNames, cluster: Cluster, traffic: Traffic, deployed: Object
) -> list[Document]:
    service = _service(cluster, names.namespace, names.canary_destination.host)
    found: list[Document] = list(primary.primary_manifests(cluster, deployed, names.stable))
    found.append(other_arm.arm_service(service, deployed, _first(names.stable_destination.host), names.stable))
    ready = cluster.find(DEPLOYMENT, names.namespace, names.stable) or {}
    if not (ready.get("status") or {}).get("availableReplicas"):
        text = (
            f"The routes follow when Deployment {names.stable} is ready: users sent there now would find no pod. Apply"
            f" this, wait for `kubectl rollout status deployment/{names.stable}`, then run init once more."
        )
        return [*found, ManualEdit(text)]
    return [*found, *routing.virtual_services(cluster, traffic, names, service, settings.host, settings.gateway)]


def _deployed(cluster: Cluster, namespace: str, name: str) -> Object:
    found = cluster.find(DEPLOYMENT, namespace, name)
    if found is None:
        cause = "it does not exist. Check --app, --namespace and --topology, or name it with --stable or --canary."
        raise NotFound(f"looking for Deployment {namespace}/{name}", cause)
    return found


def _service(cluster: Cluster, namespace: str, host: str) -> Object:
    found = cluster.find(SERVICE, namespace, _first(host))
    if found is None:
        cause = (
            "it does not exist: an app needs its own Service first. Create it, or name it with --stable-destination."
        )
        raise NotFound(f"looking for Service {namespace}/{_first(host)}, which clients call", cause)
    return found


def _first(host: str) -> str:
    return host.partition(".")[0]


def _given(settings: Settings) -> dict[str, str]:
    """Return the given names as lines of canary.yaml."""
    given = {
        name.replace("_", "-"): ",".join(value) if isinstance(value, tuple) else value
        for name in ReleaseSettings.model_fields
        if name not in {"config", "kubeconfig", "context", "log_format", "api_timeout_seconds", "api_retry_seconds"}
        and (value := getattr(settings, name)) not in ("", (), "stable-named")
    }
    return {**given, "baseline": "true"} if settings.baseline else given


def _is_granted(cluster: Cluster, names: ReleaseNames) -> bool:
    """Return whether the namespace has the Role of the shipped workflows."""
    try:
        return cluster.find(ROLE, names.namespace, accounts.WALKER) is not None
    except Forbidden:
        return False


def _exists(cluster: Cluster, wanted: Manifest) -> bool:
    try:
        return cluster.find(wanted.kind, wanted.namespace, wanted.name) is not None
    except Forbidden as error:
        log.warning(
            "init.unseen", detail=f"{error}. {wanted.kind.name} {wanted.name} is printed, as it may be missing."
        )
        return False


def rehearse(settings: Settings, names: ReleaseNames, findings: list[Document], rehearsal: Cluster) -> None:
    """Warn if prepare would refuse even with all this applied: only a person can change an app's own objects."""
    remarks = [one.text for one in findings if isinstance(one, ManualEdit)]
    for text in remarks:
        log.warning("init.by_hand", detail=" ".join(text.split()))
    subsets = names.stable_destination.subset or names.canary_destination.subset
    if remarks or subsets or settings.topology != "stable-named":
        return  # a dry run knows neither lists nor pods that do not exist yet
    try:
        for one in findings:
            if isinstance(one, Manifest):
                rehearsal.create(one.kind, one.namespace, {"metadata": one.metadata, **one.body})
        traffic = Traffic(rehearsal)
        traffic.resolve(names.targets, names.stable_destination, names.canary_destination)
        release = Release(
            namespace=names.namespace,
            stable=names.stable,
            canary=names.canary,
            stable_destination=names.stable_destination,
            canary_destination=names.canary_destination,
            topology=Topology.STABLE_NAMED,
            baseline=names.baseline if settings.baseline else "",
        )
        plan = Workload(rehearsal, "").preflight(release)
    except StepError as error:
        log.warning("init.not_enough", detail=f"With this applied, prepare would still refuse: {error}")
    else:
        for sentence in plan.warnings:
            log.warning("init.warning", detail=sentence)


def main(settings: Settings) -> StepEnd:
    """Wire the real collaborators."""
    parts = parts_of(settings)
    findings = run(settings, parts.names, parts.cluster, parts.traffic)
    sys.stdout.write(as_yaml(findings))
    rehearse(settings, parts.names, findings, rehearsal_of(settings))
    count = sum(isinstance(one, Manifest) for one in findings)
    return StepEnd({}, summary={"printed": count, "by_hand": len(findings) - count})


STEP = Step(Settings, RESULTS, main)
