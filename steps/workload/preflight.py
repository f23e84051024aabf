"""Check the Deployments of a release before anything changes: refusals, warnings, and what the run has to remember."""

from collections.abc import Mapping
from typing import Any

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, PERSISTENT_VOLUME_CLAIM, SERVICE
from steps.errors import NotFound, PermanentError
from steps.model.run import Destination, WorkloadState
from steps.model.workload import Release, ReleasePlan, Topology
from steps.workload import label_selectors as label
from steps.workload import preconditions, related_objects
from steps.workload.arm_selectors import ARM_LABEL, ArmSelectors, canary_labels, canary_selector, check_disjoint
from steps.workload.baseline import baseline_clone, baseline_selectors
from steps.workload.clone import Clone, is_clone
from steps.workload.noop import detect_noop
from steps.workload.pin import arm_label_keys, running_digests
from steps.workload.pods import current_replica_set
from steps.workload.port_checks import check_kind, check_ports
from steps.workload.readiness import get_observed
from steps.workload.service_ports import ServiceBackend
from steps.workload.template import Template, fingerprint, released_container, with_changes, with_labels
from steps.workload.template_references import config_references, volume_claims


class Preflight:
    """A release compared with the objects that the cluster has now.

    Args:
        cluster: the API server; it is only read.
        release: what is to be released.

    Raises:
        PermanentError: the release is not safe; names object, field, value and remedy.
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
        self.container = container or str(source["spec"]["template"]["spec"]["containers"][0]["name"])
        self.template, self.selector = self._canary(source)

    def plan(self) -> ReleasePlan:
        """Check everything and return what was found."""
        release, cluster, namespace = self.release, self._cluster, self.release.namespace
        preconditions.check_stable(self.stable, may_be_unready=release.allow_unready_stable)
        self.check_canary()
        self._check_managers()
        stable_arm, canary_arm = self.arms()
        check_disjoint(stable_arm, canary_arm)
        ports = self._check_ports()
        arms = [
            stable_arm,
            canary_arm,
            *([baseline_selectors(self.baseline(), canary_arm)] if release.baseline else []),
        ]
        self._check_volumes()
        replicas = int(self.stable["spec"].get("replicas", 1))
        warnings = [
            *ports,
            *related_objects.check_policies(cluster, namespace, arms, allowed=release.allow_policies),
            *related_objects.autoscaler_warnings(cluster, namespace, release.stable, replicas),
            *related_objects.background_work_warnings(self.stable, self._released(self.template)),
            *related_objects.resource_warnings(self.stable["spec"]["template"], self.template),
            *self._shared(),
        ]
        replica_set = current_replica_set(cluster, self.stable)
        if replica_set is None and not release.allow_unready_stable:
            raise PermanentError(
                f"checking {preconditions.deployment_name(self.stable)}",
                "the ReplicaSet of its present template was not found: an incomplete promote could not be undone. "
                "See `kubectl get replicasets`.",
            )
        memory = WorkloadState(
            namespace=namespace,
            stable=release.stable,
            canary=release.canary,
            stable_replicas=replicas,
            stable_replica_set=replica_set["metadata"]["name"] if replica_set is not None else "",
            stable_template_hash=fingerprint(self.stable["spec"]["template"], arm_label_keys(self.stable)),
            created_canary=release.topology is Topology.STABLE_NAMED,
            template_by_external=release.template_by_external,
            baseline=release.baseline,
        )
        return ReleasePlan(
            state=memory,
            stable_image=str(self._released(self.stable["spec"]["template"]).get("image", "")),
            canary_image=str(self._released(self.template).get("image", "")),
            container=self.container,
            noop=detect_noop(
                self.stable["spec"]["template"],
                self.template,
                arm_label_keys(self.stable) | set(self.selector.get("matchLabels") or {}),
                running_digests(cluster, self.stable),
            ),
            warnings=tuple(warnings),
        )

    def arms(self) -> tuple[ArmSelectors, ArmSelectors]:
        """Return both arms as selectors see them, the canary as it will be."""
        release, template = self.release, self.stable["spec"]["template"]
        stable = ArmSelectors(
            deployment=release.stable,
            selector=self.stable["spec"]["selector"],
            pods=template["metadata"].get("labels") or {},
            service=service_name_of(release.stable_destination),
            subset=release.stable_subset,
            service_selector=self._service_selector(release.stable_destination),
        )
        canary = ArmSelectors(
            deployment=release.canary,
            selector=self.selector,
            pods=self.template["metadata"].get("labels") or {},
            service=service_name_of(release.canary_destination),
            subset=release.canary_subset,
            service_selector=self._service_selector(release.canary_destination),
        )
        return stable, canary

    def _canary(self, source: Object) -> tuple[Template, Object]:
        release = self.release
        template = with_changes(
            source["spec"]["template"], self.container, release.image, release.env, release.template_patch
        )
        if release.topology is Topology.TARGET_NAMED:
            labels = source["spec"]["template"]["metadata"].get("labels") or {}
            return with_labels(template, {**(template["metadata"].get("labels") or {}), **_selected(source, labels)}), (
                source["spec"]["selector"]
            )
        requires = {**self._service_selector(release.canary_destination), **release.canary_subset}
        stable = ArmSelectors(
            release.stable, self.stable["spec"]["selector"], template["metadata"].get("labels") or {}, "", {}, {}
        )
        labels = canary_labels(stable, release.canary, requires)
        if release.baseline or self._told_apart_before():
            labels[ARM_LABEL] = "canary"
        return with_labels(template, labels), canary_selector(stable, labels, requires)

    def _told_apart_before(self) -> bool:
        """Return whether an earlier run created the canary for a baseline: a selector cannot change."""
        existing = self.existing
        return existing is not None and is_clone(existing) and ARM_LABEL in label.keys(existing["spec"]["selector"])

    def baseline(self) -> Clone:
        """Return the baseline as it will be.

        Raises:
            PermanentError: nothing would tell its pods from the canary's, or its name belongs to another Deployment.
        """
        clone = baseline_clone(self.release.baseline, self.stable["spec"]["template"], *self.arms())
        existing = self._cluster.find(DEPLOYMENT, self.release.namespace, self.release.baseline)
        if existing is not None:
            preconditions.check_updatable(existing)
            _check_ours(existing, clone.selector, "Delete it, or release without --baseline.")
        return clone

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
                "it does not exist, and in the target-named topology prepare does not create it. "
                "Deploy it, or check the names.",
            )
        return self.existing

    def check_canary(self) -> None:
        """Refuse an existing canary Deployment that prepare could not update to the release.

        Raises:
            PermanentError: its update strategy, its origin or its selector.
        """
        if self.existing is None:
            return
        preconditions.check_updatable(self.existing)
        if self.release.topology is Topology.TARGET_NAMED:
            return
        _check_ours(self.existing, self.selector, "Delete it, or name another canary with --canary.")

    def _check_managers(self) -> None:
        release = self.release
        if not release.template_by_external:
            remedy = "Let that tool write the template (--template-by external)"
            preconditions.check_manager(self.stable, allowed=release.allow_managed, remedy=remedy)
        if release.topology is Topology.TARGET_NAMED and self.existing is not None and self._writes_canary():
            remedy = "Release the image with that tool, without --image here"
            preconditions.check_manager(self.existing, allowed=release.allow_managed, remedy=remedy)

    def _writes_canary(self) -> bool:
        return bool(self.release.image or self.release.env or self.release.template_patch)

    def _check_ports(self) -> list[str]:
        """Follow the routes to the containers' ports; return a warning for each doubtful one."""
        release, template = self.release, self.stable["spec"]["template"]
        behind = self._service(release.canary_destination)
        stable = ServiceBackend(release.stable, self._service(release.stable_destination), template)
        baseline = [ServiceBackend(release.baseline, behind, template)] if release.baseline else []
        return check_ports(release.routes, stable, ServiceBackend(release.canary, behind, self.template), baseline)

    def _check_volumes(self) -> None:
        names = {*volume_claims(self.stable["spec"]["template"]), *volume_claims(self.template)}
        found = {
            name: self._cluster.find(PERSISTENT_VOLUME_CLAIM, self.release.namespace, name) for name in sorted(names)
        }
        preconditions.check_volumes(self.stable, found)

    def _released(self, template: Mapping[str, Object]) -> Object:
        known = template["spec"]["containers"]
        return next((entry for entry in known if entry["name"] == self.container), known[0])

    def _shared(self) -> list[str]:
        if self.release.topology is Topology.STABLE_NAMED:
            return []
        shared = sorted(config_references(self.stable["spec"]["template"]) & config_references(self.template))
        if not shared:
            return []
        sentence = f"Both arms read {', '.join(shared)}: a change there reaches stable at once, and is not judged."
        return [f"{sentence} Give each version its own (a hash in the name)."]

    def _service_selector(self, destination: Destination) -> dict[str, str]:
        selector: dict[str, str] = self._service(destination)["spec"].get("selector") or {}
        return selector

    def _service(self, destination: Destination) -> Object:
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


def _check_ours(existing: Object, selector: Mapping[str, Any], remedy: str) -> None:
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


def service_name_of(destination: Destination) -> str:
    """Return the name of a destination's Service."""
    return destination.host.partition(".")[0]


def _selected(deployment: Object, labels: Mapping[str, str]) -> dict[str, str]:
    return {key: labels[key] for key in arm_label_keys(deployment) if key in labels}
