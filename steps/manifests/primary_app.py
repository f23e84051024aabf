"""The target-named topology as Flagger has it: `shop` is deployed, `shop-primary` serves, each has a Service."""

from functools import cached_property
from typing import Final

from steps.cluster.api import Cluster, Object
from steps.flagger.service import DeclaredService
from steps.manifests import services
from steps.manifests.declared import declared_service, with_marks
from steps.manifests.manifest import Document, Manifest, Note
from steps.manifests.naming import first_label
from steps.manifests.other_arm import arm_labels, arm_selector
from steps.manifests.primary import primary_manifests
from steps.model.names import ReleaseNames
from steps.survey.objects import Survey, pod_labels
from steps.workload.capacity import autoscaler_of


class PrimaryApp:
    """An app whose Deployment is the canary.

    Args:
        names: of the release.
        survey: of the app's namespace.
        cluster: the API server; it is only read.
        deployed: the Deployment that people deploy.
        declared: how the app is reached where its Services do not exist yet; None: by the containers' ports.
    """

    def __init__(
        self,
        names: ReleaseNames,
        survey: Survey,
        cluster: Cluster,
        deployed: Object,
        declared: DeclaredService | None = None,
    ) -> None:
        self._names, self._survey, self._cluster, self._deployed = names, survey, cluster, deployed
        self._declared = declared
        self._primary: Final = survey.deployment(names.stable)
        self._labels: Final = dict(pod_labels(self._primary) if self._primary else arm_labels(deployed, names.stable))
        apex = declared.name if declared else names.app
        self._own: Final = survey.service(apex) or (None if declared else survey.service(names.canary))

    @property
    def is_ready(self) -> bool:
        """Whether all pods of the primary can serve."""
        if self._primary is None:
            return False
        wanted = max(1, int(self._primary["spec"].get("replicas", 1)))
        return int((self._primary.get("status") or {}).get("availableReplicas") or 0) >= wanted

    @cached_property
    def service(self) -> Object:
        """The Service that clients call; where there is none, as declared or by the containers' ports.

        Raises:
            NotFound: there is none, and the containers declare no port.
        """
        if self._own is None and self._declared is not None:
            return declared_service(self._declared, self._deployed)
        return self._own or services.from_ports(self._deployed, self._names.app)

    def documents(self) -> list[Document]:
        """Return the primary with its autoscaler and budget, and the Services of both arms: no user meets them yet."""
        made: list[Manifest] = primary_manifests(self._cluster, self._deployed, self._names.stable)
        made = [one for one in made if self._cluster.find(one.kind, one.namespace, one.name) is None]
        return [*made, *self._arm_services(), *self._autoscaled()]

    def _arm_services(self) -> list[Document]:
        names, chosen = self._names, self.service["spec"].get("selector") or {}
        found: list[Document] = []
        if self._is_missing(first_label(names.stable_destination)):
            selector = arm_selector(chosen, self._deployed, self._labels)
            made = services.twin(self.service, first_label(names.stable_destination), selector, names.stable)
            found.append(with_marks(made, self._declared.primary) if self._declared else made)
        if self._is_missing(first_label(names.canary_destination)):
            labels = pod_labels(self._deployed)
            keys = {*chosen, *(self._deployed["spec"]["selector"].get("matchLabels") or {})}
            selector = {key: value for key, value in labels.items() if key in keys}
            made = services.twin(self.service, first_label(names.canary_destination), selector, names.canary)
            found.append(with_marks(made, self._declared.canary) if self._declared else made)
        return found

    def _is_missing(self, name: str) -> bool:
        return self._survey.service(name) is None and name != self.service["metadata"]["name"]

    def switched(self) -> list[Document]:
        """Return the app's Service with the primary behind it, unless it has that, or is the canary's own."""
        names, service = self._names, self.service
        if first_label(names.canary_destination) == service["metadata"]["name"]:
            return []
        selector = arm_selector(service["spec"].get("selector") or {}, self._deployed, self._labels)
        if self._own is None:
            made = {**service, "spec": {**service["spec"], "selector": selector}}
            source = "as the manifest declares it" if self._declared else f"made from the ports of {names.canary}"
            why = f"The Service that clients call, {source}; {names.stable} serves it."
            printed = services.new_service(made, why)
            return [with_marks(printed, self._declared.apex) if self._declared else printed]
        return [] if self._own["spec"].get("selector") == selector else [self._switch(selector)]

    def _switch(self, selector: dict[str, str]) -> Manifest:
        return services.switched(self.service, selector, self._names.stable)

    def _autoscaled(self) -> list[Document]:
        name = str(self._deployed["metadata"]["name"])
        scaler = autoscaler_of(self._cluster, self._names.namespace, name)
        if scaler is None:
            return []
        text = (
            f"HorizontalPodAutoscaler {scaler['metadata']['name']} scales the canary {name}: between releases it keeps"
            f" pods of {name} running, those of a rejected version too. Requests reach them only by the canary's"
            f" Service, which has weight 0 then."
        )
        return [Note(text)]
