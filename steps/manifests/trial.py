"""Say what a release would still refuse once the printed objects are applied: only a person can change that (pure)."""

from collections.abc import Iterable
from dataclasses import replace

from steps.cluster.api import Object
from steps.manifests.manifest import Document, Manifest
from steps.model.names import ReleaseNames
from steps.survey.arms import surveyed_arms
from steps.survey.checks.all_checks import all_problems
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem


def remaining_problems(survey: Survey, names: ReleaseNames, documents: Iterable[Document]) -> list[Problem]:
    """Return the problems that a release would have with the documents applied; those it may have anyway are left out.

    Args:
        survey: of the app.
        names: of the release.
        documents: that are printed.
    """
    after = applied(survey, [one for one in documents if isinstance(one, Manifest)])
    found = all_problems(after, surveyed_arms(after, names, str(names.topology)))
    return [one for one in found if one.gravity != "notes"]


def applied(survey: Survey, manifests: Iterable[Manifest]) -> Survey:
    """Return a survey as it will be once these objects are applied."""
    made = list(manifests)
    return replace(
        survey,
        virtual_services=_with(survey.virtual_services, made, "VirtualService"),
        destination_rules=_with(survey.destination_rules, made, "DestinationRule"),
        services=_with(survey.services, made, "Service"),
        deployments=_with(survey.deployments, made, "Deployment"),
    )


def _with(objects: Iterable[Object], manifests: Iterable[Manifest], kind: str) -> tuple[Object, ...]:
    made = {name_of(one.full): one.full for one in manifests if one.kind.name == kind}
    return (*(one for one in objects if name_of(one) not in made), *made.values())
