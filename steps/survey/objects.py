"""What the API server lists around an app, read once; what may not be read is remembered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE, Kind
from steps.errors import Forbidden
from steps.model.run import ObjectName


@dataclass(frozen=True, slots=True)
class Unseen:
    """A list that this account may not read.

    Args:
        kind: of the objects.
        scope: namespace, or "all namespaces".
    """

    kind: Kind
    scope: str

    def __str__(self) -> str:
        return f"{self.kind.plural} in {self.scope}"


@dataclass(frozen=True, slots=True)
class Survey:
    """The objects around an app, as they were read.

    Args:
        namespace: of the app.
        virtual_services: of all namespaces that may be listed, else of the app's.
        destination_rules: likewise.
        services: of the app's namespace.
        deployments: of the app's namespace.
        unseen: what this account may not list: conclusions about it cannot be drawn. It grows as `more` lists further
            kinds.
        more: lists a `Kind` in the app's namespace when a check needs it; [] where it may not be read.
    """

    namespace: str
    virtual_services: tuple[Object, ...] = ()
    destination_rules: tuple[Object, ...] = ()
    services: tuple[Object, ...] = ()
    deployments: tuple[Object, ...] = ()
    unseen: Sequence[Unseen] = ()
    more: Callable[[Kind], Sequence[Object]] = field(default=lambda _: (), repr=False, compare=False)

    def service(self, name: str) -> Object | None:
        """Return a Service of the app's namespace."""
        return _named(self.services, name)

    def deployment(self, name: str) -> Object | None:
        """Return a Deployment of the app's namespace."""
        return _named(self.deployments, name)


def look_around(cluster: Cluster, namespace: str) -> Survey:
    """Read what is around an app, with few requests: four lists where the account may list all namespaces.

    Raises:
        TemporaryError: the API server is in trouble.
    """
    unseen: list[Unseen] = []
    known: dict[str, Sequence[Object]] = {}

    def more(kind: Kind) -> Sequence[Object]:
        if kind.plural not in known:
            known[kind.plural] = _listed(cluster, kind, namespace, unseen) or ()
        return known[kind.plural]

    return Survey(
        namespace=namespace,
        virtual_services=tuple(_everywhere(cluster, VIRTUAL_SERVICE, namespace, unseen)),
        destination_rules=tuple(_everywhere(cluster, DESTINATION_RULE, namespace, unseen)),
        services=tuple(_listed(cluster, SERVICE, namespace, unseen) or ()),
        deployments=tuple(_listed(cluster, DEPLOYMENT, namespace, unseen) or ()),
        unseen=unseen,
        more=more,
    )


def name_of(obj: Object) -> ObjectName:
    """Return an object's name."""
    return ObjectName(str(obj["metadata"].get("namespace") or ""), str(obj["metadata"]["name"]))


def pod_labels(deployment: Object) -> Mapping[str, str]:
    """Return the labels of a Deployment's pods."""
    return (deployment["spec"]["template"].get("metadata") or {}).get("labels") or {}


def _everywhere(cluster: Cluster, kind: Kind, namespace: str, unseen: list[Unseen]) -> Sequence[Object]:
    found = _listed(cluster, kind, None, unseen)
    return found if found is not None else _listed(cluster, kind, namespace, unseen) or ()


def _listed(cluster: Cluster, kind: Kind, namespace: str | None, unseen: list[Unseen]) -> Sequence[Object] | None:
    try:
        return cluster.list(kind, namespace)
    except Forbidden:
        unseen.append(Unseen(kind, namespace or "all namespaces"))
        return None


def _named(objects: Sequence[Object], name: str) -> Object | None:
    return next((one for one in objects if one["metadata"]["name"] == name), None)
