"""Deployments that cannot be released: other kinds, not ready, managed by others, volumes, containers (pure)."""

from collections.abc import Callable, Iterator
from functools import partial

from steps.cluster.api import Object
from steps.cluster.kinds import DAEMON_SET, PERSISTENT_VOLUME_CLAIM, ROLLOUT, STATEFUL_SET
from steps.errors import PermanentError
from steps.survey.app import app_deployments
from steps.survey.arms import SurveyedArm, SurveyedArms, selectors_of
from steps.survey.flags import init_command, release_flags, topology_of_two
from steps.survey.objects import Survey
from steps.survey.problem import Gravity, Problem
from steps.workload.arm_selectors import check_disjoint
from steps.workload.clone import is_clone
from steps.workload.port_checks import check_kind
from steps.workload.preconditions import (
    MOST_PODS,
    check_manager,
    check_stable,
    check_updatable,
    check_volumes,
    deployment_name,
    unready,
)
from steps.workload.related_objects import background_work_warnings, resource_warnings
from steps.workload.template import SIDECAR
from steps.workload.template_references import volume_claims

UNREADY = "stable-unready"
"""The code of a problem that may be gone in a minute: pods of stable are missing."""

_OTHERS = (ROLLOUT, STATEFUL_SET, DAEMON_SET)


def check_workloads(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return problems of both Deployments and of the Services in front of them."""
    found = [*_missing(survey, arms), *_services(survey, arms)]
    stable, canary = arms.stable.found, arms.canary.found
    if stable is not None:
        found += _stable(survey, arms, stable)
    if canary is not None and canary is not stable:
        found += _refusals("canary", deployment_name(canary), lambda: check_updatable(canary))
        if arms.is_made and not is_clone(canary):
            found.append(_in_the_way(arms, canary))
        if stable is not None and not arms.is_made:
            found += _warnings(deployment_name(canary), resource_warnings(_template(stable), _template(canary)))
    return [*found, *_arms(survey, arms)]


def _stable(survey: Survey, arms: SurveyedArms, stable: Object) -> Iterator[Problem]:
    name = deployment_name(stable)
    yield from _refusals("stable-not-ready", name, lambda: check_stable(stable, may_be_unready=True))
    if missing := stable["spec"].get("replicas", 1) and unready(stable, MOST_PODS):
        yield Problem(UNREADY, name, f"it is not ready: {missing}. Prepare waits for it (--stable-timeout-seconds).")
    remedy = "Let that tool write the template (--template-by external)"
    ways = ("--template-by external", "--allow-managed")
    if arms.topology != "swap":  # whose promote writes no template
        yield from _refusals("manager", name, lambda: check_manager(stable, allowed=False, remedy=remedy), ways)
    claims = {str(one["metadata"]["name"]): one for one in survey.more(PERSISTENT_VOLUME_CLAIM)}
    if claims or not any(one.kind == PERSISTENT_VOLUME_CLAIM for one in survey.unseen):
        wanted = {claim: claims.get(claim) for claim in volume_claims(_template(stable))}
        yield from _refusals("volume", name, lambda: check_volumes(stable, wanted))
    containers = _template(stable)["spec"].get("containers") or []
    apps = [one for one in containers if one.get("name") != SIDECAR]
    # Without an image to set, as people may deploy the canary, prepare takes the first container.
    gravity: Gravity = "refuses" if arms.is_made else "warns"
    if len(apps) > 1:
        text = f"its template has several containers ({', '.join(one['name'] for one in apps)}): name the released one."
        yield Problem("container", name, text, tuple(f"--container {one['name']}" for one in apps), gravity)
    for one in apps[:1]:
        yield from _warnings(name, background_work_warnings(stable, one))


def _missing(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    for arm in arms.both:
        if arm.found is None and not (arm.role == "canary" and arms.is_made):
            yield _other_kind(survey, arm) or _not_there(survey, arms, arm)


def _other_kind(survey: Survey, arm: SurveyedArm) -> Problem | None:
    for kind in _OTHERS:
        if any(one["metadata"]["name"] == arm.deployment for one in survey.more(kind)):
            text = f"it is a {kind.name}. Only Deployments can be released: make one from its template."
            return Problem("other-kind", f"{kind.name} {survey.namespace}/{arm.deployment}", text)
    return None


def _not_there(survey: Survey, arms: SurveyedArms, arm: SurveyedArm) -> Problem:
    known = [name for name in app_deployments(survey, arms.names.app) if name]
    shown = f" The app has {', '.join(known)}." if known else " Nothing in this namespace looks like it."
    text = f"Deployment {arm.deployment}, the {arm.role}, does not exist.{shown}"
    rival = arms.canary if arm.role == "stable" else arms.stable
    names = [name for name in arm.behind.deployments or known if name != rival.deployment]
    ways = [_named(arm, name) for name in names]
    if arm.role == "stable" and not arms.is_made and arms.canary.found is not None:
        ways.insert(0, init_command(arms))
    return Problem("missing-deployment", f"Deployment {survey.namespace}/{arm.deployment}", text, tuple(ways))


def _named(arm: SurveyedArm, deployment: str) -> str:
    """Return the flags that make a Deployment an arm; its destination stays where it leads to that Deployment."""
    stays = deployment in arm.behind.deployments and str(arm.destination) != deployment
    return f"--{arm.role} {deployment}" + (f" --{arm.role}-destination {arm.destination}" if stays else "")


def _services(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    for name in dict.fromkeys(arm.side[0].partition(".")[0] for arm in arms.both):
        service, about = survey.service(name), f"Service {survey.namespace}/{name}"
        if service is None:
            if not any(one.kind.name == "Service" for one in survey.unseen):
                text = "it does not exist, although a destination of the release needs it: its users would get 503."
                yield Problem("missing-service", about, text, (init_command(arms),))
            continue
        yield from _refusals("service", about, partial(check_kind, service))
        if (service["spec"].get("clusterIP") or "") == "None":
            text = (
                "it is headless: clients that resolve its name reach pods directly and choose themselves, so weights"
                " may have no effect for them. An address cannot be added: only a new Service without clusterIP: None"
                " gets one."
            )
            yield Problem("headless-service", about, text, (), "warns")


def _in_the_way(arms: SurveyedArms, canary: Object) -> Problem:
    topology = topology_of_two(arms.stable.deployment, arms.canary.deployment)
    text = (
        "it exists and was not made by canary-steps: in the stable-named topology its template would be overwritten."
        f" If people deploy it, name it as the canary of a {topology} release. Else let prepare make one of another"
        " name: ANOTHER-NAME stands for one that no Deployment and no Service has, and init with this flag prints the"
        " Service and the routes that it needs."
    )
    remedies = (release_flags(arms, topology), "--canary ANOTHER-NAME")
    return Problem("not-ours", deployment_name(canary), text, remedies)


def _arms(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    both = selectors_of(survey, arms)
    if both is None or not all(arm.service for arm in both):
        return
    yield from _refusals(
        "selectors", f"Deployment {survey.namespace}/{arms.stable.deployment}", lambda: check_disjoint(*both)
    )


def _refusals(code: str, about: str, check: Callable[[], None], remedies: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Run one of prepare's checks and yield its refusal as a problem."""
    try:
        check()
    except PermanentError as error:
        yield Problem(code, about, error.cause, remedies)


def _warnings(about: str, sentences: list[str]) -> list[Problem]:
    return [Problem("workload", about, sentence, (), "warns") for sentence in sentences]


def _template(deployment: Object) -> Object:
    template: Object = deployment["spec"]["template"]
    return template
