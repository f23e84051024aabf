"""What may be meant where the app's Deployment does not exist: other Deployments, other kinds of that name (pure)."""

from collections.abc import Iterator

from steps.cluster.kinds import DAEMON_SET, ROLLOUT, STATEFUL_SET
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
    found = behind(survey, Destination(full_host(app, survey.namespace)), survey.namespace).deployments
    return found[0] if len(found) == 1 else ""


def _candidates(survey: Survey, names: ReleaseNames) -> Iterator[str]:
    """Yield flags with the reason, those that the routes show first."""
    for split in splits_of(survey.virtual_services):
        if split.virtual_service in names.virtual_services:
            for host, subset in (one for one, _ in split.sides):
                for name in behind(survey, Destination(host, subset), survey.namespace).deployments:
                    yield f"--stable {name}"
    for name in behind(survey, Destination(full_host(names.app, survey.namespace)), survey.namespace).deployments:
        yield f"--stable {name}"
    for name in app_deployments(survey, names.app):
        yield f"--stable {name}"
    for one in survey.deployments:
        yield f"--stable {name_of(one).name}"
