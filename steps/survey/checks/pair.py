"""Routes without both arms: nothing can be released before they have them (pure)."""

from steps.errors import PermanentError
from steps.survey.arms import SurveyedArms
from steps.survey.flags import init_command
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem
from steps.traffic.destinations import ArmDestinations
from steps.traffic.routes import http_routes, label_of, outline, with_both_arms


def check_pair(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each VirtualService of the release that is missing or has no route with both arms."""
    names = arms.names
    init = init_command(arms)
    found = []
    present = {name_of(one): one for one in arms.released}
    for name in names.virtual_services:
        about = f"VirtualService {name}"
        obj = present.get(name)
        if obj is None:
            text = "it does not exist, so there are no weights to set."
            found.append(Problem("missing-virtual-service", about, text, (init, *_others(survey))))
            continue
        both = ArmDestinations(names.stable_destination, names.canary_destination, name.namespace)
        routes = with_both_arms(obj, both, alone=False)
        if not routes:
            text = (
                f"no HTTP route has both arms ({names.stable_destination}, {names.canary_destination}). It has:"
                f" {outline(obj)}. init prints what is missing, and warns of routes that a person has to edit."
            )
            found.append(Problem("no-pair", about, text, _remedies(obj, init)))
        labels = {label_of(index, body) for index, body in enumerate(http_routes(obj))}
        for missing in sorted(set(names.routes) - labels):
            text = f"it has no route named {missing}. It has: {outline(obj)}."
            found.append(Problem("no-route", about, text, tuple(f"--route {one}" for one in sorted(labels))))
    return found


def refusal(app: str, namespace: str, error: PermanentError) -> Problem:
    """Return a refusal to infer the arms as a problem; with the flags in its lines, doctor shows the rest."""
    head, *lines = error.cause.splitlines()
    flags = [f"--{line.partition('--')[2]}" for line in lines if "--" in line]
    again = tuple(f"canary-steps doctor --app {app} --namespace {namespace} {one}" for one in flags)
    return Problem("not-unique", f"App {app}", head, again)


def _others(survey: Survey) -> tuple[str, ...]:
    known = sorted(name_of(one) for one in survey.virtual_services if name_of(one).namespace == survey.namespace)
    return tuple(f"--virtual-service {name.name}" for name in known[:5])


def _remedies(obj: dict[str, object], init: str) -> tuple[str, ...]:
    delegates = [body["delegate"] for body in http_routes(obj) if body.get("delegate")]
    if delegates:
        namespace = delegates[0].get("namespace") or name_of(obj).namespace
        return (f"--virtual-service {namespace}/{delegates[0].get('name')}",)
    return (init,)
