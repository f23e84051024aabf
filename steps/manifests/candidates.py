"""What may be meant where the app's Deployment does not exist: other Deployments, other kinds of that name (pure)."""

from collections.abc import Iterator

from steps.cluster.kinds import DAEMON_SET, ROLLOUT, STATEFUL_SET
from steps.errors import PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Destination
from steps.survey.app import app_deployments
from steps.survey.behind import behind
from steps.survey.objects import Survey, name_of
from steps.survey.splits import splits_of
from steps.traffic.destinations import full_host

_OTHER_KINDS = (ROLLOUT, STATEFUL_SET, DAEMON_SET)
_SHOWN = 8


def missing_deployment(survey: Survey, names: ReleaseNames) -> str:
    """Return why the Deployment is not there, and what to name instead."""
    other = other_kind(survey, {names.app, names.stable, names.canary})
    if other:
        return (
            f"there is a {other}, and only Deployments can be released: make one from its template, or release it with"
            f" its own tool."
        )
    lines = list(dict.fromkeys(_candidates(survey, names)))
    if not lines:
        return "it does not exist, and the namespace has no other Deployment. Check --app and --namespace."
    return "it does not exist. Name the Deployment that serves:\n" + "\n".join(f"  {one}" for one in lines[:_SHOWN])


def other_kind(survey: Survey, names: set[str]) -> str:
    """Return a workload of another kind that has one of these names, "" without one."""
    for kind in _OTHER_KINDS:
        for one in survey.more(kind):
            if one["metadata"]["name"] in names:
                return f"{kind.name} {one['metadata']['name']}"
    return ""


def sole_deployment(survey: Survey, app: str) -> str:
    """Return the one Deployment behind the Service that is named like the app, "" where it is not one."""
    found = behind(survey, _host(survey, app), survey.namespace).deployments
    return found[0] if len(found) == 1 else ""


def serving_service(survey: Survey, app: str, deployment: str) -> str:
    """Return the Service that clients of a Deployment call: named like it or the app, else the only one before it.

    Raises:
        PermanentError: several lead to it, and none has one of these names.
    """
    before = [
        str(one["metadata"]["name"])
        for one in survey.services
        if deployment in behind(survey, _host(survey, str(one["metadata"]["name"])), survey.namespace).deployments
    ]
    named = [name for name in (app, deployment) if name in before]
    if len(before) > 1 and not named:
        flags = "\n".join(f"  --stable-destination {name}" for name in sorted(before))
        doing = f"looking for the Service that clients of Deployment {deployment} call"
        raise PermanentError(doing, f"several lead to its pods. Name the one to release:\n{flags}")
    return next(iter([*named, *before]), "")


def with_versions(refusal: PermanentError, survey: Survey, app: str) -> PermanentError:
    """Return a refusal with the flags that choose, where routes lead to a Service with the pods of several versions."""
    alone = dict.fromkeys(split.alone for split in splits_of(survey.virtual_services) if split.alone)
    own = set(app_deployments(survey, app))
    shared = [behind(survey, Destination(*side), survey.namespace).deployments for side in alone]
    versions = next((one for one in shared if len(one) > 1 and own & set(one)), ())
    if not versions:
        return refusal
    lines = [f"  canary-steps init --app {app} --namespace {survey.namespace} --stable {one}" for one in versions]
    added = "Or name the version that shall serve, and let init print the subsets:\n" + "\n".join(lines)
    return PermanentError(refusal.action, f"{refusal.cause}\n{added}")


def _host(survey: Survey, service: str) -> Destination:
    return Destination(full_host(service, survey.namespace))


def _candidates(survey: Survey, names: ReleaseNames) -> Iterator[str]:
    """Yield flags with the reason, those that the routes show first."""
    for split in splits_of(survey.virtual_services):
        if split.virtual_service in names.virtual_services:
            for host, subset in (one for one, _ in split.sides):
                for name in behind(survey, Destination(host, subset), survey.namespace).deployments:
                    yield f"--stable {name}"
    for name in behind(survey, _host(survey, names.app), survey.namespace).deployments:
        yield f"--stable {name}"
    for name in app_deployments(survey, names.app):
        yield f"--stable {name}"
    for one in survey.deployments:
        yield f"--stable {name_of(one).name}"
