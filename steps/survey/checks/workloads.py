"""Deployments that cannot be released: other kinds, not ready, managed by others, volumes, containers (pure)."""

from collections.abc import Callable, Iterator
from functools import partial

from steps.cluster.api import Object
from steps.cluster.kinds import DAEMON_SET, PERSISTENT_VOLUME_CLAIM, ROLLOUT, STATEFUL_SET
from steps.errors import PermanentError
from steps.survey.app import app_deployments
from steps.survey.arms import SurveyedArm, SurveyedArms, selectors_of
from steps.survey.objects import Survey
from steps.survey.problem import Problem
from steps.workload.arm_selectors import check_disjoint
from steps.workload.clone import is_clone
from steps.workload.port_checks import check_kind
from steps.workload.preconditions import (
    check_manager,
    check_stable,
    check_updatable,
    check_volumes,
    deployment_name,
)
from steps.workload.related_objects import background_work_warnings, resource_warnings
from steps.workload.template_references import volume_claims

_OTHERS = (ROLLOUT, STATEFUL_SET, DAEMON_SET)
SIDECAR_NAME = "istio-proxy"


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
    yield from _refusals("stable-not-ready", name, lambda: check_stable(stable, may_be_unready=False))
    # In a swap no template of stable's is written.
    if arms.topology != "swap":
        remedy = "Let that tool write the template (--template-by external)"
        ways = ("--template-by external", "--allow-managed")
        yield from _refusals("manager", name, lambda: check_manager(stable, allowed=False, remedy=remedy), ways)
    claims = {str(one["metadata"]["name"]): one for one in survey.more(PERSISTENT_VOLUME_CLAIM)}
    if claims or not any(one.kind == PERSISTENT_VOLUME_CLAIM for one in survey.unseen):
        wanted = {claim: claims.get(claim) for claim in volume_claims(_template(stable))}
        yield from _refusals("volume", name, lambda: check_volumes(stable, wanted))
    containers = _template(stable)["spec"].get("containers") or []
    apps = [one for one in containers if one.get("name") != SIDECAR_NAME]
    if len(apps) != len(containers):
        text = f"its template has a container {SIDECAR_NAME}: it is the mesh's and not released."
        flags = tuple(f"--container {one['name']}" for one in apps)
        yield Problem("sidecar-container", name, text, flags, "notes" if len(apps) == 1 else "refuses")
    elif len(apps) > 1:
        text = f"its template has several containers ({', '.join(one['name'] for one in apps)}): name the released one."
        yield Problem("container", name, text, tuple(f"--container {one['name']}" for one in apps))
    for one in apps[:1]:
        yield from _warnings(name, background_work_warnings(stable, one))


def _missing(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    for arm in arms.both:
        if arm.found is None and not (arm.role == "canary" and arms.is_made):
            yield _other_kind(survey, arm) or _not_there(survey, arms, arm)


def _other_kind(survey: Survey, arm: SurveyedArm) -> Problem | None:
    for kind in _OTHERS:
        if any(one["metadata"]["name"] == arm.deployment for one in survey.more(kind)):
            text = f"it is a {kind.name}. Only Deployments can be released, so this one cannot be."
            start = f"kubectl create deployment {arm.deployment} -n {survey.namespace} --image=IMAGE"
            about = f"{kind.name} {survey.namespace}/{arm.deployment}"
            return Problem("other-kind", about, text, (f"{start} --dry-run=client -o yaml",))
    return None


def _not_there(survey: Survey, arms: SurveyedArms, arm: SurveyedArm) -> Problem:
    known = [name for name in app_deployments(survey, arms.names.app) if name]
    shown = f" The app has {', '.join(known)}." if known else " Nothing in this namespace looks like it."
    text = f"Deployment {arm.deployment}, the {arm.role}, does not exist.{shown}"
    flags = [f"--{arm.role} {name}" for name in known]
    if arm.role == "stable" and arms.topology == "target-named":
        flags.insert(0, f"canary-steps init --app {arms.names.app} -n {survey.namespace} --topology target-named")
    about = f"Deployment {survey.namespace}/{arm.deployment}"
    return Problem("missing-deployment", about, text, tuple(one.replace(" -n ", " --namespace ") for one in flags))


def _services(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    for name in dict.fromkeys(arm.side[0].partition(".")[0] for arm in arms.both):
        service, about = survey.service(name), f"Service {survey.namespace}/{name}"
        if service is None:
            if not any(one.kind.name == "Service" for one in survey.unseen):
                text = "it does not exist, although a destination of the release needs it: its users would get 503."
                yield Problem("missing-service", about, text, (_init(survey, arms),))
            continue
        yield from _refusals("service", about, partial(check_kind, service))
        if (service["spec"].get("clusterIP") or "") == "None":
            text = (
                "it is headless: clients that resolve its name reach pods directly and choose themselves, so weights"
                " may have no effect for them."
            )
            yield Problem("headless-service", about, text, (_with_address(survey, name),), "warns")


def _with_address(survey: Survey, name: str) -> str:
    where = f"service {name} -n {survey.namespace}"
    change = "del(.spec.clusterIP, .spec.clusterIPs, .metadata.resourceVersion, .metadata.uid)"
    return f"kubectl get {where} -o json | jq '{change}' | kubectl replace --force -f -"


def _init(survey: Survey, arms: SurveyedArms) -> str:
    return f"canary-steps init --app {arms.names.app} --namespace {survey.namespace} | kubectl apply -f -"


def _in_the_way(arms: SurveyedArms, canary: Object) -> Problem:
    text = "it exists and was not made by canary-steps: in the stable-named topology its template would be overwritten."
    names = f"--stable {arms.stable.deployment} --canary {arms.canary.deployment}"
    remedies = (f"{names} --topology swap", f"{names} --topology target-named", "--canary ANOTHER-NAME")
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
        text, remedy = _parted(error.cause)
        yield Problem(code, about, text, remedies or remedy)


def _parted(cause: str) -> tuple[str, tuple[str, ...]]:
    """Return a refusal's sentence and its remedy: the sentences after the first one."""
    head, dot, rest = cause.partition(". ")
    return (f"{head}.", (rest,)) if dot and rest else (cause, ())


def _warnings(about: str, sentences: list[str]) -> list[Problem]:
    return [Problem("workload", about, sentence, (), "warns") for sentence in sentences]


def _template(deployment: Object) -> Object:
    template: Object = deployment["spec"]["template"]
    return template
