"""The documents of one app: which objects it needs in its topology, and which of them exist."""

from collections.abc import Sequence

import structlog

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, ROLE, SERVICE
from steps.errors import Forbidden, NotFound
from steps.manifests import accounts, other_arm, primary, routing
from steps.manifests.manifest import Document, Manifest, ManualEdit
from steps.model.names import ReleaseNames
from steps.traffic.traffic import Traffic

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AppManifests:
    """The objects that an app needs for its releases, by topology.

    Args:
        names: of the release.
        cluster: the API server; it is only read.
        traffic: VirtualServices.
        hosts: further host names of a new VirtualService.
        gateways: of a new VirtualService.
    """

    def __init__(
        self, names: ReleaseNames, cluster: Cluster, traffic: Traffic, hosts: Sequence[str], gateways: Sequence[str]
    ) -> None:
        self._names, self._cluster, self._traffic = names, cluster, traffic
        self._hosts, self._gateways = hosts, gateways

    def stable_named(self) -> list[Document]:
        """Return the documents for an app whose Deployment serves, and whose canary prepare creates.

        Raises:
            NotFound: the Deployment or its Service does not exist.
        """
        names = self._names
        stable = _deployment(self._cluster, names.namespace, names.stable)
        service = _service(self._cluster, names.namespace, names.stable_destination.host)
        found: list[Document] = []
        if names.canary_destination.host != names.stable_destination.host:
            found.append(other_arm.arm_service(service, stable, _first(names.canary_destination.host), names.canary))
        found += routing.destination_rule(self._cluster, names, stable, service)
        return [*found, *self._routes(service)]

    def target_named(self) -> list[Document]:
        """Return the documents for an app whose Deployment is the canary, with a primary that serves.

        Raises:
            NotFound: the Deployment or its Service does not exist.
        """
        names = self._names
        deployed = _deployment(self._cluster, names.namespace, names.canary)
        service = _service(self._cluster, names.namespace, names.canary_destination.host)
        found: list[Document] = list(primary.primary_manifests(self._cluster, deployed, names.stable))
        found.append(other_arm.arm_service(service, deployed, _first(names.stable_destination.host), names.stable))
        ready = self._cluster.find(DEPLOYMENT, names.namespace, names.stable) or {}
        if not (ready.get("status") or {}).get("availableReplicas"):
            text = (
                f"The routes follow when Deployment {names.stable} is ready: users sent there now would find no pod."
                f" Apply this, wait for `kubectl rollout status deployment/{names.stable}`, then run init once more."
            )
            return [*found, ManualEdit(text)]
        return [*found, *self._routes(service)]

    def _routes(self, service: Object) -> list[Document]:
        return routing.virtual_services(self._cluster, self._traffic, self._names, service, self._hosts, self._gateways)


def has_shipped_role(cluster: Cluster, names: ReleaseNames) -> bool:
    """Return whether the namespace has the Role of the shipped workflows."""
    try:
        return cluster.find(ROLE, names.namespace, accounts.WALKER) is not None
    except Forbidden:
        return False


def exists(cluster: Cluster, wanted: Manifest) -> bool:
    """Return whether an object exists; False with a warning if this account may not read it."""
    try:
        return cluster.find(wanted.kind, wanted.namespace, wanted.name) is not None
    except Forbidden as error:
        log.warning(
            "init.unseen", detail=f"{error}. {wanted.kind.name} {wanted.name} is printed, as it may be missing."
        )
        return False


def _deployment(cluster: Cluster, namespace: str, name: str) -> Object:
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
