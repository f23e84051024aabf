"""The objects of a release: stable as the cluster has it, the canary and the baseline as they will be."""

from collections.abc import Mapping
from typing import Any

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, SERVICE
from steps.errors import NotFound, PermanentError
from steps.model.run import Destination
from steps.model.workload import Release, Topology
from steps.workload import label_selectors as label
from steps.workload import preconditions
from steps.workload.arm_selectors import ARM_LABEL, ArmSelectors, canary_labels, canary_selector
from steps.workload.baseline import baseline_clone
from steps.workload.clone import Clone, is_clone
from steps.workload.pin import arm_label_keys
from steps.workload.port_checks import check_kind
from steps.workload.readiness import get_observed
from steps.workload.template import Template, containers, released_container, with_changes, with_labels


class ReleaseObjects:
    """Deployments and Services of a release, read from the cluster, and the canary that it asks for.

    Args:
        cluster: the API server; it is only read.
        release: what is to be released.

    Attributes:
        stable: the serving Deployment.
        existing: the Deployment with the canary's name, None without one.
        container: name of the container that gets the image.
        template: the canary's pod template, as it will be.
        selector: the canary's selector, as it will be.

    Raises:
        PermanentError: the release is not possible; names object, field, value and remedy.
        NotFound: a Deployment or Service is missing.
    """

    def __init__(self, cluster: Cluster, release: Release) -> None:
        self._cluster = cluster
        self.release = release
        self.stable = self._stable()
        self.existing = cluster.find(DEPLOYMENT, release.namespace, release.canary)
        source = self._source()
        container = release.container
        if release.image or release.env or release.template_patch or container:
            container = str(
                released_container(source["spec"]["template"], container, preconditions.deployment_name(source))["name"]
            )
        self.container = container or str(containers(source["spec"]["template"])[0]["name"])
        self.template, self.selector = self._canary(source)

    def arms(self) -> tuple[ArmSelectors, ArmSelectors]:
        """Return both arms as selectors see them, the canary as it will be."""
        release, template = self.release, self.stable["spec"]["template"]
        stable = ArmSelectors(
            deployment=release.stable,
            selector=self.stable["spec"]["selector"],
            pods=template["metadata"].get("labels") or {},
            service=service_name_of(release.stable_destination),
            subset=release.stable_subset,
            service_selector=self._selector_of(release.stable_destination),
        )
        canary = ArmSelectors(
            deployment=release.canary,
            selector=self.selector,
            pods=self.template["metadata"].get("labels") or {},
            service=service_name_of(release.canary_destination),
            subset=release.canary_subset,
            service_selector=self._selector_of(release.canary_destination),
        )
        return stable, canary

    def baseline(self) -> Clone:
        """Return the baseline as it will be.

        Raises:
            PermanentError: nothing would tell its pods from the canary's, or its name belongs to another Deployment.
        """
        clone = baseline_clone(self.release.baseline, self.stable["spec"]["template"], *self.arms())
        existing = self._cluster.find(DEPLOYMENT, self.release.namespace, self.release.baseline)
        if existing is not None:
            preconditions.check_updatable(existing)
            _require_own_clone(existing, clone.selector, "Delete it, or release without --baseline.")
        return clone

    def check_canary(self) -> None:
        """Refuse an existing canary Deployment that prepare could not update to the release.

        Raises:
            PermanentError: its update strategy, its history, its origin or its selector.
        """
        if self.existing is None:
            return
        preconditions.check_updatable(self.existing)
        if self.release.topology is Topology.SWAP and self.release.writes_canary:
            preconditions.check_history(self.existing, "a rollback")
        if self.release.topology is not Topology.STABLE_NAMED:
            return
        _require_own_clone(self.existing, self.selector, "Delete it, or name another canary with --canary.")

    def released_container(self, template: Mapping[str, Any]) -> Object:
        """Return the container that is released, as a template has it."""
        known = containers(template)
        return next((entry for entry in known if entry["name"] == self.container), known[0])

    def service(self, destination: Destination) -> Object:
        """Return the Service of a destination; NotFound names the remedy."""
        name = service_name_of(destination)
        try:
            service = self._cluster.get(SERVICE, self.release.namespace, name)
        except NotFound as error:
            raise NotFound(
                f"looking for Service {self.release.namespace}/{name}, the destination {destination} of the routes",
                "it does not exist. `canary-steps init` prints it.",
            ) from error
        check_kind(service)
        return service

    def _canary(self, source: Object) -> tuple[Template, Object]:
        release = self.release
        template = with_changes(
            source["spec"]["template"], self.container, release.image, release.env, release.template_patch
        )
        if release.topology is not Topology.STABLE_NAMED:
            labels = source["spec"]["template"]["metadata"].get("labels") or {}
            return with_labels(template, {**(template["metadata"].get("labels") or {}), **_selected(source, labels)}), (
                source["spec"]["selector"]
            )
        requires = {**self._selector_of(release.canary_destination), **release.canary_subset}
        stable = ArmSelectors(
            release.stable, self.stable["spec"]["selector"], template["metadata"].get("labels") or {}, "", {}, {}
        )
        labels = canary_labels(stable, release.canary, requires)
        if release.baseline or self._has_arm_label():
            labels[ARM_LABEL] = "canary"
        return with_labels(template, labels), canary_selector(stable, labels, requires)

    def _has_arm_label(self) -> bool:
        """Return whether an earlier run created the canary for a baseline: a selector cannot change."""
        existing = self.existing
        return existing is not None and is_clone(existing) and ARM_LABEL in label.keys(existing["spec"]["selector"])

    def _stable(self) -> Object:
        release = self.release
        require_stable(self._cluster, release.namespace, release.stable, release.topology)
        return get_observed(self._cluster, release.namespace, release.stable)

    def _source(self) -> Object:
        if self.release.topology is Topology.STABLE_NAMED:
            return self.stable
        if self.existing is None:
            raise NotFound(
                f"looking for Deployment {self.release.namespace}/{self.release.canary}, which is to be released",
                f"it does not exist, and in the {self.release.topology} topology prepare does not create it. "
                "Deploy it, or check the names.",
            )
        return self.existing

    def _selector_of(self, destination: Destination) -> dict[str, str]:
        selector: dict[str, str] = self.service(destination)["spec"].get("selector") or {}
        return selector


def require_stable(cluster: Cluster, namespace: str, stable: str, topology: Topology) -> None:
    """Require that the stable Deployment exists.

    Raises:
        NotFound: it does not.
    """
    if cluster.find(DEPLOYMENT, namespace, stable) is not None:
        return
    remedy = "Check the name and the namespace."
    if topology is Topology.TARGET_NAMED:
        remedy = f"Run `canary-steps init`: it prints {stable} and its other objects; commit these first."
    raise NotFound(f"looking for the stable Deployment {namespace}/{stable}", f"it does not exist. {remedy}")


def service_name_of(destination: Destination) -> str:
    """Return the name of a destination's Service."""
    return destination.host.partition(".")[0]


def _require_own_clone(existing: Object, selector: Mapping[str, Any], remedy: str) -> None:
    name = preconditions.deployment_name(existing)
    if not is_clone(existing):
        raise PermanentError(
            f"checking {name}",
            "it exists and was not created by canary-steps (label app.kubernetes.io/managed-by=canary-steps): its "
            f"template would be overwritten. {remedy}",
        )
    if existing["spec"]["selector"] != selector:
        raise PermanentError(
            f"checking {name}",
            f"its spec.selector is {existing['spec']['selector']}, it must be {selector} and cannot be changed. "
            f"Delete it (`kubectl delete deployment {existing['metadata']['name']}`): prepare recreates it.",
        )


def _selected(deployment: Object, labels: Mapping[str, str]) -> dict[str, str]:
    return {key: labels[key] for key in arm_label_keys(deployment) if key in labels}
