"""doctor: print what is found around an app, every problem at once with remedies, and what its traffic can show.

Before: nothing; it needs no claim and changes nothing. What this account may not list is named.
Writes: standard output.
Exit codes: 0 a release may start · 2 · 3 the API server or Prometheus is in trouble · 4 problems that refuse a release.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import Field

from steps.actions.outlook import RungOutlook, outlook
from steps.claim.claims import Claims
from steps.claim.expiry import is_expired
from steps.claim.last_record import last_record
from steps.claim.lookup import claim_of_app
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import PROMETHEUS
from steps.errors import Forbidden, PermanentError, StepError, TemporaryError
from steps.evidence.preflight.missing_requests import is_scraped
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.reader import EvidenceReader
from steps.model.run import Claim, Record
from steps.model.workload import Release, Topology
from steps.outputs import results
from steps.outputs.doctor_report import doctor_text
from steps.outputs.screen import show
from steps.settings.conventions import release_names
from steps.settings.evidence import EvidenceSettings
from steps.settings.judge import JudgeSettings
from steps.settings.kubernetes_names import LabelName
from steps.settings.ladder import LadderSettings
from steps.settings.preparation import AtRestSettings
from steps.settings.release import ReleaseSettings
from steps.settings.workload import BaselineSettings
from steps.step import Step, StepEnd
from steps.survey.arms import SurveyedArms, surveyed_arms
from steps.survey.checks.all_checks import all_problems, sorted_problems
from steps.survey.checks.pair import refusal
from steps.survey.checks.running_release import check_running_release
from steps.survey.choice import ChosenNames, choose_names
from steps.survey.conclusion import TROUBLE, Allowed, conclusion, settled
from steps.survey.description import claim_fields, described, record_fields
from steps.survey.monitoring import pod_monitor
from steps.survey.named_objects import grants, with_named_objects
from steps.survey.objects import Survey, look_around, name_of
from steps.survey.problem import Problem
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import cluster_of
from steps.wiring.evidence import reader_of
from steps.wiring.judging import rules_of
from steps.wiring.names import hints_of, with_chosen_names
from steps.workload.workload import Workload

RESULTS = ("outcome", "reason")
_MINIMUM_SECONDS = 30.0
"""The time on a rung that the outlook is about, where `min-seconds` is less."""

_NO_OUTLOOK = "stable had too little traffic in the last minutes to say what a rung can show"
_WITHOUT_ARMS = ("not-unique", "other-kind", "host-name", "busy", "expired")
"""Problems that do not depend on which arms an app has."""


class Settings(AtRestSettings, ReleaseSettings, EvidenceSettings, JudgeSettings, BaselineSettings, LadderSettings):
    """Print what is in the way of a release, and what the app's traffic can show."""

    container: LabelName = Field("", description="Container that is released. Needed where the pod has several.")
    format: Literal["text", "json"] = Field("text", description="text for people, json for programs.")
    allow_managed: bool = Field(
        default=False,
        description="Continue although Argo CD, Flux or Helm manages a Deployment that promote will write.",
    )
    allow_policies: bool = Field(
        default=False,
        description="Continue although a policy about access (NetworkPolicy, AuthorizationPolicy, "
        "RequestAuthentication, PeerAuthentication) treats the arms differently.",
    )
    template_by: Literal["canary", "external"] = Field(
        "canary", description="Who updates stable's template at the end: canary (promote copies it) or external."
    )


def run(settings: Settings, cluster: Cluster, namespace: str) -> dict[str, Any]:
    """Return the report; see the module's docstring."""
    hints = hints_of(settings, namespace)
    survey = with_named_objects(cluster, look_around(cluster, namespace), hints)
    claim = claim_of_app(cluster, survey.virtual_services, settings.app, namespace)
    living = claim if claim is not None and not is_expired(claim.state, cluster.now()) else None
    chosen = choose_names(survey, hints, claim, settings.topology)
    named = with_chosen_names(settings, chosen)
    arms = surveyed_arms(survey, release_names(named, namespace), chosen.topology)
    workload, unread = Workload(cluster, ""), list[str]()
    found = [
        *check_running_release(namespace, claim, is_alive=living is not None),
        *settled(all_problems(survey, arms), _allowed(settings)),
    ]
    found = [one for one in found if _is_meant(one, chosen, claim)]
    seen = _Evidence([], "not asked, as the arms are not known", [], [])
    if chosen.refusal is not None:
        found.append(refusal(settings.app, namespace, chosen.refusal))
    else:
        found += _as_prepare(named, arms, Traffic(cluster, Claims(cluster)), workload, found, unread)
        seen = _evidence(settings, cluster, survey, reader_of(named, arms.names, workload))
    problems = sorted_problems([*found, *seen.problems])
    return {
        "version": 1,
        **described(arms, chosen),
        "claim": claim_fields(claim),
        "last_release": record_fields(_record_of(survey, arms)),
        "problems": [asdict(one) for one in problems],
        "prometheus": {"url": settings.prometheus_url, "state": seen.state, "notes": seen.notes},
        "ladder": [asdict(one) for one in seen.rungs],
        "unread": [*dict.fromkeys([*map(str, survey.unseen), *unread])],
        "unread_remedies": grants(survey),
        **conclusion(problems, settings.app),
    }


def _allowed(settings: Settings) -> Allowed:
    return Allowed(
        managed=settings.allow_managed or settings.template_by == "external",
        external=settings.template_by == "external",
        policies=settings.allow_policies,
        container=settings.container,
        at_rest=settings.at_rest,
    )


def _is_meant(problem: Problem, chosen: ChosenNames, claim: Claim | None) -> bool:
    """Return whether a problem counts: a run's own weights do not, nor what rests on names that nobody knows."""
    if chosen.refusal is not None:
        return problem.code in _WITHOUT_ARMS
    return claim is None or problem.code != "weight-at-rest"


def _record_of(survey: Survey, arms: SurveyedArms) -> Record | None:
    own = [obj for obj in survey.virtual_services if name_of(obj).namespace == survey.namespace]
    records = [last_record(obj, arms.names.app) for obj in (*own, *arms.released)]
    return max((one for one in records if one is not None), key=lambda one: one.ended, default=None)


def _as_prepare(
    settings: Settings,
    arms: SurveyedArms,
    traffic: Traffic,
    workload: Workload,
    known: Sequence[Problem],
    unread: list[str],
) -> list[Problem]:
    """Ask prepare's own checks: they stop at the first refusal, which counts where no check above found one."""
    names = arms.names
    try:
        targets = traffic.resolve(
            names.targets,
            names.stable_destination,
            names.canary_destination,
            any_weights=settings.at_rest == "reset",
        )
        ports = traffic.ports(targets, names.stable_destination, names.canary_destination)
        place = names.virtual_services[0].namespace
        plan = workload.preflight(
            Release(
                namespace=names.namespace,
                stable=names.stable,
                canary=names.canary,
                stable_destination=names.stable_destination,
                canary_destination=names.canary_destination,
                topology=Topology(arms.topology),
                baseline=names.baseline if settings.baseline else "",
                stable_subset=traffic.subset_labels(place, names.stable_destination),
                canary_subset=traffic.subset_labels(place, names.canary_destination),
                container=settings.container,
                template_by_external=settings.template_by == "external",
                allow_managed=settings.allow_managed,
                allow_policies=settings.allow_policies,
                allow_unready_stable=True,  # its pods are a problem of their own
                routes=ports,
            )
        )
    except Forbidden as error:
        unread.append(error.action)
        return []
    except PermanentError as error:
        if any(one.gravity == "refuses" for one in known):
            return []
        return [Problem("prepare", f"App {names.app}", f"While {error.action}: {error.cause}")]
    said = {one.text for one in known} | {f"{one.about} {one.text}" for one in known}
    return [Problem("prepare", f"App {names.app}", text, (), "warns") for text in plan.warnings if text not in said]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What Prometheus has: problems, its state in words, notes, and what each rung can show."""

    problems: list[Problem]
    state: str
    notes: list[str]
    rungs: list[RungOutlook]


def _evidence(settings: Settings, cluster: Cluster, survey: Survey, reader: EvidenceReader) -> _Evidence:
    about = f"Prometheus {reader.prometheus.access.endpoint}"
    try:
        notes = [*reader.check(), *reader.check_custom()]
    except TemporaryError as error:
        cause = error.cause.rstrip(".")
        problem = Problem(TROUBLE, about, f"{cause}. If it is elsewhere, name it with --prometheus-url.")
        return _Evidence([problem], "in trouble", [], [])
    except PermanentError as error:
        scraped = not reader.mesh or _is_scraped(reader)
        remedies = () if scraped else (pod_monitor(survey.namespace, _prometheuses(cluster)), "--without-mesh-metrics")
        state = "it has no series of stable that can be used" if scraped else "nothing scrapes the mesh"
        return _Evidence([Problem("no-evidence", about, error.cause, remedies)], state, [], [])
    rungs = _rungs(settings, reader, cluster.now())
    return _Evidence([], "it has series of stable", notes if rungs else [*notes, _NO_OUTLOOK], rungs)


def _is_scraped(reader: EvidenceReader) -> bool:
    try:
        return is_scraped(reader.prometheus, reader.arms)
    except EvidenceError:
        return True


def _prometheuses(cluster: Cluster) -> Sequence[Object]:
    try:
        return cluster.list(PROMETHEUS, None)
    except Forbidden:
        return ()


def _rungs(settings: Settings, reader: EvidenceReader, now: float) -> list[RungOutlook]:
    try:
        reader.choose_bounds()
        seconds = max(settings.min_seconds, _MINIMUM_SECONDS)
        return outlook(reader, rules_of(settings), settings.ladder, seconds, now)
    except StepError:
        return []  # what is wrong with Prometheus was said by its own checks


def main(settings: Settings) -> StepEnd:
    """Wire the real collaborators."""
    cluster, namespace = cluster_of(settings)
    report = run(settings, cluster, namespace)
    as_json = settings.format == "json"
    show(json.dumps(report, indent=2) + "\n" if as_json else doctor_text(report))
    ended = {"outcome": report["outcome"], "reason": results.truncate(report["summary"])}
    return StepEnd(ended, report["exit_code"], {"problems": len(report["problems"])})


STEP = Step(Settings, RESULTS, main)
