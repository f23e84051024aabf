"""Look around an app before its release is claimed, as doctor does: refuse with all problems at once, and warn."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from steps.claim.lookup import claim_on
from steps.cluster.api import Cluster
from steps.errors import Forbidden, PermanentError
from steps.model.names import ReleaseNames
from steps.settings.preparation import PreparationSettings
from steps.survey.arms import surveyed_arms
from steps.survey.checks.all_checks import all_problems
from steps.survey.checks.workloads import UNREADY
from steps.survey.conclusion import Allowed, settled
from steps.survey.inference import Hints
from steps.survey.named_objects import with_named_objects
from steps.survey.objects import Survey, look_around
from steps.survey.problem import Problem

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_OF_WEIGHTS = ("weight-at-rest", "weights")
"""Problems that a run has by itself once it began."""


class Surroundings:
    """What is around an app, read anew at each question: while another run was active, much may have changed.

    Args:
        cluster: the API server; it is only read.
        settings: of the release.
        names: of the release.
    """

    def __init__(self, cluster: Cluster, settings: PreparationSettings, names: ReleaseNames) -> None:
        self._cluster, self._names = cluster, names
        self._allowed = Allowed(
            managed=settings.allow_managed or settings.template_by == "external",
            external=settings.template_by == "external",
            policies=settings.allow_policies,
            container=settings.container,
            at_rest=settings.at_rest,
        )

    def check(self, said: Sequence[str]) -> None:
        """Refuse what is in the way of the release, and log a warning for what deserves one.

        Args:
            said: sentences that were logged already.

        Raises:
            PermanentError: names every problem with its first remedy. TemporaryError: the API server is in trouble.
        """
        problems = self._problems(report=True)
        _refuse(self._names.app, problems)
        for one in problems:
            if one.gravity == "warns" and one.text not in said and f"{one.about} {one.text}" not in said:
                log.warning("prepare.warning", detail=f"{one.about}: {one.text}", remedy=next(iter(one.remedies), ""))

    @contextmanager
    def all_at_once(self) -> Iterator[None]:
        """Add every other problem to the refusal of a check, so that a person sees them all at the first attempt."""
        try:
            yield
        except Forbidden:
            raise
        except PermanentError as error:
            others = [_shown(one) for one in _others(self._problems(report=False), error)]
            if not others:
                raise
            head = "Another problem is" if len(others) == 1 else f"{len(others)} more problems are"
            cause = f"{error.cause}\n{head} in the way of the release:\n{_numbered(others)}"
            raise type(error)(error.action, cause) from error

    def _problems(self, *, report: bool) -> list[Problem]:
        names = self._names
        survey = with_named_objects(self._cluster, look_around(self._cluster, names.namespace), _hints(names))
        found = list(settled(all_problems(survey, surveyed_arms(survey, names, str(names.topology))), self._allowed))
        if report and survey.unseen:
            lists = [str(one) for one in survey.unseen]
            log.info("prepare.unseen", lists=lists, detail="this account may not list these: they were not checked")
        is_owned = self._is_claimed(survey)
        # What stable's pods lack was waited for, by the settings of this release.
        return [one for one in found if one.code != UNREADY and not (is_owned and one.code in _OF_WEIGHTS)]

    def _is_claimed(self, survey: Survey) -> bool:
        """Return whether a run of this app owns the weights."""
        for obj in survey.virtual_services:
            try:
                if claim_on(self._cluster, obj, self._names.app) is not None:
                    return True
            except PermanentError:
                continue  # a claim that cannot be read: the step that needs it names it
        return False


def _refuse(app: str, problems: Sequence[Problem]) -> None:
    shown = [_shown(one) for one in problems if one.gravity == "refuses"]
    if len(shown) == 1:
        raise PermanentError(f"looking around app {app}", shown[0])
    if shown:
        intro = f"{len(shown)} problems are in the way of the release:"
        raise PermanentError(f"looking around app {app}", f"{intro}\n{_numbered(shown)}")


def _others(problems: Sequence[Problem], error: PermanentError) -> list[Problem]:
    """Return the problems that refuse a release beside the one that an error is about already."""
    refused = [one for one in problems if one.gravity == "refuses"]
    said = f"{error.action} {error.cause}"
    same = [one for one in refused if one.text in said] or [one for one in refused if one.about in said][:1]
    return [one for one in refused if one not in same]


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _shown(problem: Problem) -> str:
    """Return a problem with its first remedy."""
    remedy = f"\nRemedy: {problem.remedies[0]}" if problem.remedies else ""
    return f"{problem.about}: {problem.text}{remedy}"


def _hints(names: ReleaseNames) -> Hints:
    """Return the names of a release as hints: what has them is read even where lists are forbidden."""
    return Hints(
        app=names.app,
        stable=names.stable,
        canary=names.canary,
        stable_destination=str(names.stable_destination),
        canary_destination=str(names.canary_destination),
        virtual_services=names.virtual_services,
        routes=names.routes,
    )
