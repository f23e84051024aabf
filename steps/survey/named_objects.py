"""The objects of the usual names, read one by one where this account may not list them, and how to let it list."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, SERVICE, VIRTUAL_SERVICE, Kind
from steps.errors import Forbidden
from steps.model.run import ObjectName
from steps.survey.inference import Hints
from steps.survey.objects import Survey, name_of


def with_named_objects(cluster: Cluster, survey: Survey, hints: Hints) -> Survey:
    """Add the objects of the usual names where lists are forbidden: an account of a release may read these."""
    forbidden = {one.kind for one in survey.unseen if one.scope == survey.namespace}
    app, wanted = hints.app, {hints.stable, hints.canary, *(one.partition(".")[0] for one in _hosts(hints))}
    usual = sorted({app, f"{app}-canary", f"{app}-primary", *wanted} - {""})
    seen = {name_of(one) for one in survey.virtual_services}
    routed = sorted({ObjectName(survey.namespace, app), *hints.virtual_services} - seen)
    names = {kind: [ObjectName(survey.namespace, name) for name in usual] for kind in (DEPLOYMENT, SERVICE)}
    found: dict[Kind, tuple[Object, ...]] = {}
    # A list of all namespaces may be forbidden where that of the app's is not.
    unlisted = forbidden | {one.kind for one in survey.unseen if one.kind == VIRTUAL_SERVICE}
    for kind, those in {**names, VIRTUAL_SERVICE: routed}.items():
        found[kind] = tuple(_readable(cluster, kind, those)) if kind in unlisted else ()
    return replace(
        survey,
        virtual_services=(*survey.virtual_services, *found[VIRTUAL_SERVICE]),
        services=(*survey.services, *found[SERVICE]),
        deployments=(*survey.deployments, *found[DEPLOYMENT]),
    )


def _hosts(hints: Hints) -> Iterator[str]:
    for text in (hints.stable_destination, hints.canary_destination):
        yield text.partition("/")[0]


def _readable(cluster: Cluster, kind: Kind, names: Iterable[ObjectName]) -> Iterator[Object]:
    for name in names:
        try:
            found = cluster.find(kind, name.namespace, name.name)
        except Forbidden:
            continue
        if found is not None:
            yield found


def grants(survey: Survey) -> list[str]:
    """Return the commands that let the reader's account list what was not read: one role a scope."""
    lines = []
    for scope in dict.fromkeys(one.scope for one in survey.unseen):
        everywhere = scope == "all namespaces"
        role, where = ("clusterrole", "") if everywhere else ("role", f" -n {scope}")
        kinds = dict.fromkeys(one.kind for one in survey.unseen if one.scope == scope)
        resources = ",".join(f"{kind.plural}.{kind.group}" if kind.group else kind.plural for kind in kinds)
        name = f"canary-steps-doctor-{survey.namespace}"
        account = f"--serviceaccount={survey.namespace}:canary-steps-reader"
        lines += [
            f"kubectl create {role} {name}{where} --verb=list --resource={resources}",
            f"kubectl create {role}binding {name}{where} --{role}={name} {account}",
        ]
    return lines
