"""List all claims and last records of a namespace or of all; what cannot be read is listed as such."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from steps.claim.annotations import annotations_of
from steps.claim.claims import Claims
from steps.claim.errors import ClaimCorrupt
from steps.claim.expiry import is_expired
from steps.claim.keys import record_key, shorten_app
from steps.claim.last_record import unreadable_record
from steps.claim.marked_objects import marked_objects, only_marks
from steps.claim.observed import apps_on, assemble_claim, name_of, observe_claim
from steps.claim.record import load_record
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.errors import Forbidden, Interrupted, StepError
from steps.model.listing import ListedApp
from steps.model.names import ReleaseNames
from steps.model.run import RECORD_PREFIX, Claim, ObjectName

_Apps = dict[tuple[ObjectName, str], ListedApp]


def list_apps(cluster: Cluster, namespace: str | None) -> list[ListedApp]:
    """Return the apps with a claim or a record in a namespace (None: in all), by namespace and name.

    Raises:
        Forbidden: this account may not list VirtualServices there; the message says how to allow it.
    """
    return apps_of(cluster, list_virtual_services(cluster, namespace))


def apps_of(cluster: Cluster, objects: Sequence[Object]) -> list[ListedApp]:
    """Return the apps with a claim or a record on these VirtualServices, by namespace and name.

    A claim on several VirtualServices is listed once, on the first of them.

    Args:
        cluster: knows the time; it is asked for a first VirtualService that is not among the objects.
        objects: VirtualServices as they were listed.
    """
    found: _Apps = {}
    known = {name_of(obj): obj for obj in objects}
    for obj in objects:
        for key in apps_on(obj):
            _add_claim(found, cluster, obj, key, known)
    for obj in objects:
        for key in annotations_of(obj):
            if key.startswith(RECORD_PREFIX):
                _add_record(found, obj, key.removeprefix(RECORD_PREFIX))
    return sorted(found.values(), key=lambda one: (one.namespace, one.app, one.virtual_service))


def list_release(claims: Claims, names: ReleaseNames) -> ListedApp:
    """Return one app as a list has it, from its first VirtualService. As `Claims` raises."""
    first, key = names.virtual_services[0], shorten_app(names.app)
    obj, found = claims.writer.read(first), _Apps()
    _add_claim(found, claims.writer.cluster, obj, key, {})
    held = next(iter(found.values()), ListedApp(first, names.app))
    found = {(first, key): replace(held, virtual_service=first, app=names.app)}
    if record_key(key) in annotations_of(obj):
        _add_record(found, obj, key)
    return found[first, key]


def list_virtual_services(cluster: Cluster, namespace: str | None, *, from_cache: bool = False) -> list[Object]:
    """Return those of a namespace (None: of all) that carry our annotations, with nothing else of them.

    Args:
        cluster: the API server.
        namespace: where to look.
        from_cache: the API server may answer from its memory, which is cheap and at most moments old.

    Raises:
        Forbidden: this account may not list them there; the message says how to allow it.
    """
    try:
        if from_cache:
            return [only_marks(obj) for obj in cluster.list(VIRTUAL_SERVICE, namespace, from_cache=True)]
        return list(marked_objects(cluster, namespace).values())
    except Forbidden as error:
        resource = f"{VIRTUAL_SERVICE.plural}.{VIRTUAL_SERVICE.group}"
        create = f"kubectl create {{}} canary-steps-list --verb=list --resource={resource}"
        if namespace is None:
            remedy = (
                "Name one namespace with --namespace instead of --all-namespaces, or allow it with a ClusterRole: "
                f"{create.format('clusterrole')}; kubectl create clusterrolebinding canary-steps-list"
                " --clusterrole=canary-steps-list --user=NAME (or --serviceaccount=NAMESPACE:NAME)"
            )
        else:
            remedy = (
                f"Allow it with a Role: {create.format('role')} -n {namespace}; kubectl create rolebinding"
                f" canary-steps-list -n {namespace} --role=canary-steps-list --user=NAME (or"
                " --serviceaccount=NAMESPACE:NAME)"
            )
        raise Forbidden(error.action, f"{error.cause} {remedy}") from error


def _add_claim(found: _Apps, cluster: Cluster, obj: Object, key: str, known: Mapping[ObjectName, Object]) -> None:
    claim: Claim | None = None
    at, app, trouble = name_of(obj), key, ""
    try:
        seen = observe_claim(obj, key)
        if seen is None:
            return
        at, app = seen.anchor, seen.app
        claim = seen.as_claim()  # what is known where the anchor cannot be read
        claim = assemble_claim(cluster, seen, known)
        at = claim.state.targets[0].virtual_service
    except Interrupted:
        raise
    except ClaimCorrupt as error:
        claim, trouble = None, str(error)
    except StepError as error:
        trouble = str(error)
    place = at, shorten_app(app)
    row = found.get(place, ListedApp(at, app))
    if trouble:
        row = _with_trouble(replace(row, is_claim_unreadable=row.is_claim_unreadable or claim is None), trouble)
    if claim is not None and row.claim is None:
        row = replace(row, app=app, claim=claim, is_expired=is_expired(claim.state, cluster.now()))
    found[place] = row


def _add_record(found: _Apps, obj: Object, key: str) -> None:
    place = name_of(obj), key
    row = found.get(place, ListedApp(*place))
    try:
        found[place] = replace(row, record=load_record(annotations_of(obj)[record_key(key)]))
    except ValueError as error:
        row = replace(row, is_record_unreadable=True)
        found[place] = _with_trouble(row, unreadable_record(obj, key, str(error)))


def _with_trouble(row: ListedApp, trouble: str) -> ListedApp:
    return row if trouble in row.unreadable else replace(row, unreadable=(*row.unreadable, trouble))
