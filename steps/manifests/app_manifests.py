"""The documents of one app: which objects its release needs, and which of them are missing or have to change."""

from collections.abc import Sequence
from dataclasses import replace

from steps.cluster.api import Cluster, Object
from steps.errors import NotFound
from steps.flagger.service import DeclaredService
from steps.manifests import services
from steps.manifests.candidates import missing_deployment
from steps.manifests.declared import declared_routes
from steps.manifests.manifest import Document, ManualEdit, Note
from steps.manifests.naming import Named, first_label, is_primary, side
from steps.manifests.other_arm import arm_labels, arm_selector
from steps.manifests.primary_app import PrimaryApp
from steps.manifests.routing import new_virtual_services, serving_host
from steps.manifests.splits import capitalized, with_arms
from steps.manifests.subsets import defined, made_subset, own_subset, rule_with
from steps.model.run import Destination, ObjectName
from steps.survey.objects import name_of, pod_labels
from steps.workload.port_checks import check_kind


class AppManifests:
    """The objects that an app needs for its releases.

    Args:
        named: the names of the release, with the survey of the app.
        cluster: the API server; it is only read.
        hosts: further host names of a new VirtualService.
        gateways: of a new VirtualService.
        claimed: VirtualServices that a run owns now; they are left alone.
        declared: how the app is reached, where a manifest says so.
    """

    def __init__(
        self,
        named: Named,
        cluster: Cluster,
        hosts: Sequence[str],
        gateways: Sequence[str],
        claimed: set[ObjectName],
        declared: DeclaredService | None = None,
    ) -> None:
        self._named, self._names, self._survey = named, named.names, named.survey
        self._cluster, self._hosts, self._gateways, self._claimed = cluster, hosts, gateways, claimed
        self._declared = declared

    def documents(self) -> list[Document]:
        """Return what is missing, in the order in which it has to be applied.

        Raises:
            NotFound: a Deployment does not exist, or a Service neither exists nor can be made.
            PermanentError: the arms cannot be told apart, or nothing of the app carries HTTP.
        """
        if is_primary(self._names):
            return self._with_primary()
        stable = self._deployment(self._names.stable)
        service, found = self._own_service(self._names.stable_destination, stable)
        found += self._other_service(service, stable)
        found += self._subsets(service, stable)
        return [*found, *self._routes(service)]

    def _with_primary(self) -> list[Document]:
        """Return Flagger's objects: the primary first; once it is ready, the app's Service and the routes too."""
        names = self._names
        deployed = self._deployment(names.canary)
        app = PrimaryApp(names, self._survey, self._cluster, deployed, self._declared)
        if app.is_ready:
            return [*app.documents(), *app.switched(), *self._routes(app.service)]
        text = (
            f"The app's Service and the routes follow when Deployment {names.stable} is ready: users sent there now"
            f" would find no pod. Apply this, wait for"
            f" `kubectl rollout status deployment/{names.stable} -n {names.namespace}`, then run init once more."
        )
        return [*app.documents(), ManualEdit(text)]

    def _own_service(self, destination: Destination, deployment: Object) -> tuple[Object, list[Document]]:
        """Return the Service of an arm, and its document if it has to be made from the containers' ports."""
        found = self._service(destination)
        if found is not None:
            check_kind(found)
            return found, self._headless(found)
        made = services.from_ports(deployment, first_label(destination))
        why = f"The Service that clients call, made from the ports of {deployment['metadata']['name']}."
        return made, [services.new_service(made, why)]

    def _headless(self, service: Object) -> list[Document]:
        if service["spec"].get("clusterIP") != "None":
            return []
        text = (
            f"Service {service['metadata']['name']} is headless: clients that resolve its name reach pods directly, so"
            f" weights have no effect for those that pass no VirtualService. Nothing that is printed changes that."
        )
        return [Note(text)]

    def _other_service(self, service: Object, stable: Object) -> list[Document]:
        names, destination = self._names, self._names.canary_destination
        if destination.subset or self._service(destination) is not None:
            return []
        canary = self._survey.deployment(names.canary)
        labels = pod_labels(canary) if canary else arm_labels(stable, names.canary)
        selector = arm_selector(service["spec"].get("selector") or {}, stable, labels)
        return [services.twin(service, first_label(destination), selector, names.canary)]

    def _subsets(self, service: Object, stable: Object) -> list[Document]:
        """Return the DestinationRules of the arms' subsets, for a shared host and for what is missing."""
        names, survey = self._names, self._survey
        found: list[Document] = list(self._named.rules)
        wanted: dict[str, dict[str, str]] = {}
        host = side(names, names.stable_destination)[0]
        for destination, name in ((names.stable_destination, names.stable), (names.canary_destination, names.canary)):
            subset = destination.subset
            if not subset or side(names, destination)[0] != host or subset in defined(survey, host):
                continue
            if survey.deployment(names.canary) is not None:
                wanted[subset] = own_subset(survey, host, name)[1]
                continue
            key, value = made_subset((subset,), stable, service)
            wanted[subset] = {key: pod_labels(stable)[key] if name == names.stable else value}
        return [*found, rule_with(survey, host, wanted)] if wanted else found

    def _routes(self, service: Object) -> list[Document]:
        found: list[Document] = []
        for name in self._names.virtual_services:
            present = next((one for one in self._survey.virtual_services if name_of(one) == name), None)
            if name in self._claimed:
                found.append(
                    Note(f"VirtualService {name} is left as it is: a release of {self._names.app} owns it now.")
                )
            elif present is not None:
                found += with_arms({"kind": "VirtualService", **present}, self._names, self._named.sources)
            else:
                found += self._new(name, service)
        return found

    def _new(self, name: ObjectName, service: Object) -> list[Document]:
        is_delegate = self._declared is not None and self._declared.is_delegate
        others = [] if is_delegate else serving_host(self._survey, self._names, self._hosts)
        if others:
            shown = ",".join(map(str, others))
            text = f"VirtualService {shown} serves the host already, and a second one would be ignored. Name it:"
            return [ManualEdit(f"{text} --virtual-service {shown}")]
        if self._declared is not None:
            return [*declared_routes(self._names, name, self._declared, service, self._survey)]
        made = new_virtual_services(self._names, name, service, self._hosts, self._gateways)
        moving = self._named.moving
        return [replace(one, warning=" ".join(filter(None, (one.warning, capitalized(moving))))) for one in made]

    def _service(self, destination: Destination) -> Object | None:
        return self._survey.service(first_label(destination))

    def _deployment(self, name: str) -> Object:
        found = self._survey.deployment(name)
        if found is None:
            raise NotFound(
                f"looking for Deployment {self._names.namespace}/{name}", missing_deployment(self._survey, self._names)
            )
        return found
