"""Pods of others behind a destination: they get users' requests at any weight (pure)."""

from collections.abc import Iterator, Mapping

from steps.cluster.api import Object
from steps.cluster.kinds import DAEMON_SET, DESTINATION_RULE, ROLLOUT, SERVICE, STATEFUL_SET, VIRTUAL_SERVICE
from steps.model.run import Destination, ObjectName
from steps.survey.arms import SurveyedArm, SurveyedArms
from steps.survey.behind import behind
from steps.survey.commands import apply_command, patch_command, pointer
from steps.survey.flags import release_flags, topology_of_two
from steps.survey.objects import Survey, name_of, pod_labels
from steps.survey.problem import Problem
from steps.survey.splits import as_destination, side_of
from steps.traffic.routes import http_routes, label_of
from steps.workload.label_selectors import as_text, contains

_OTHERS = (STATEFUL_SET, DAEMON_SET, ROLLOUT)


def check_foreign_pods(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each destination whose requests reach pods of another Deployment or workload."""
    found: list[Problem] = []
    for arm in arms.both:
        names = {arm.deployment, arms.names.baseline}
        others = [survey.deployment(name) for name in arm.behind.deployments if name not in names]
        running = {f"Deployment {one['metadata']['name']}": one for one in others if one and _has_pods(one)}
        workloads = {**running, **dict(_workloads(survey, arm))}
        if workloads:
            found.append(_problem(survey, arms, arm, workloads))
        idle = {str(one["metadata"]["name"]): one for one in others if one and not _has_pods(one)}
        if idle:
            found.append(_idle(survey, arms, arm, idle))
    return found


def _workloads(survey: Survey, arm: SurveyedArm) -> Iterator[tuple[str, Object]]:
    """Yield workloads other than Deployments that have pods behind an arm's destination."""
    requires = dict(arm.behind.requires)
    for kind in _OTHERS if requires else ():
        for one in survey.more(kind):
            labels = ((one["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {}
            if contains(requires, labels) and _has_pods(one):
                yield f"{kind.name} {one['metadata']['name']}", one


def _has_pods(workload: Object) -> bool:
    return int(workload["spec"].get("replicas", 1)) != 0


def _problem(survey: Survey, arms: SurveyedArms, arm: SurveyedArm, others: Mapping[str, Object]) -> Problem:
    asked = as_text(dict(arm.behind.requires))
    own = f"the {arm.role}, {arm.deployment}" if arm.found else f"the {arm.role} {arm.deployment}, which is not there"
    text = (
        f"destination {arm.destination} sends requests to every pod with {asked}: to those of {' and '.join(others)},"
        f" beside {own}. Users would get them at any weight."
    )
    remedies = [*_name_it(arms, arm, others), *_narrower(survey, arm), *_told_apart(survey, arms, arm, others)]
    return Problem("foreign-pods", _about(survey, arm), text, tuple(dict.fromkeys(remedies)))


def _idle(survey: Survey, arms: SurveyedArms, arm: SurveyedArm, others: Mapping[str, Object]) -> Problem:
    text = (
        f"destination {arm.destination} also selects the pods of Deployment {' and '.join(others)}, which has none now:"
        f" once it is scaled up, users get it at any weight."
    )
    apart = [*_narrower(survey, arm), *_told_apart(survey, arms, arm, others)]
    gone = [f"kubectl delete deployment {name} -n {survey.namespace}" for name in others]
    return Problem("foreign-pods", _about(survey, arm), text, tuple(dict.fromkeys([*apart, *gone])), "warns")


def _about(survey: Survey, arm: SurveyedArm) -> str:
    return f"Service {survey.namespace}/{arm.behind.service}"


def _name_it(arms: SurveyedArms, arm: SurveyedArm, others: Mapping[str, Object]) -> list[str]:
    """Return the flags that make the one other Deployment this arm."""
    names = [name.removeprefix("Deployment ") for name in others if name.startswith("Deployment ")]
    rival = arms.canary if arm.role == "stable" else arms.stable
    if len(names) != len(others) or len(others) != 1 or names[0] == rival.deployment or arm.found is not None:
        return []
    if arm.role == "stable":
        return [release_flags(arms, stable=names[0])]
    return [release_flags(arms, topology_of_two(arms.stable.deployment, names[0]), canary=names[0])]


def _narrower(survey: Survey, arm: SurveyedArm) -> Iterator[str]:
    """Yield subsets of the host that lead to the arm's Deployment alone."""
    for rule in survey.destination_rules:
        for subset in (rule.get("spec") or {}).get("subsets") or []:
            side = arm.side[0], str(subset.get("name") or "")
            seen = behind(survey, Destination(*side), survey.namespace).deployments
            if side != arm.side and seen == (arm.deployment,):
                yield f"--{arm.role}-destination {as_destination(side, survey.namespace)}"


def _told_apart(survey: Survey, arms: SurveyedArms, arm: SurveyedArm, others: Mapping[str, Object]) -> Iterator[str]:
    """Yield commands that limit the destination to the pods of the arm's own Deployment."""
    label = _own_label(arm, others)
    if not label:
        return
    key, value = label
    if arm.side[1]:
        yield from _narrow_subset(survey, arm, key, value)
        return
    if not _has_rule(survey, arm.side[0]):
        subset = value.lower()
        body = {"spec": {"host": arm.side[0], "subsets": [{"name": subset, "labels": {key: value}}]}}
        made = apply_command(DESTINATION_RULE, ObjectName(survey.namespace, arm.behind.service), body)
        routes = "\n".join(_to_subset(survey, arms, arm, subset))
        yield f"{made}\n{routes}"
    if arm.side[0] in {one.side[0] for one in arms.both if one is not arm}:
        return  # the Service has to select the other arm's pods too
    patch = {"op": "add", "path": pointer("spec", "selector", key), "value": value}
    yield patch_command(SERVICE, ObjectName(survey.namespace, arm.behind.service), patch)


def _own_label(arm: SurveyedArm, others: Mapping[str, Object]) -> tuple[str, str] | None:
    """Return a label that the arm's pods have and no other pod behind the destination; `version` is preferred."""
    if arm.found is None:
        return None
    theirs = [
        ((one["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {} for one in others.values()
    ]
    mine = pod_labels(arm.found)
    keys = [key for key, value in sorted(mine.items()) if all(labels.get(key) != value for labels in theirs)]
    best = next((key for key in ("version", "app.kubernetes.io/version") if key in keys), keys[0] if keys else None)
    return (best, mine[best]) if best else None


def _narrow_subset(survey: Survey, arm: SurveyedArm, key: str, value: str) -> Iterator[str]:
    for rule in survey.destination_rules:
        for place, subset in enumerate((rule.get("spec") or {}).get("subsets") or []):
            if subset.get("name") == arm.side[1] and _is_for(rule, arm.side[0]):
                labels = {**(subset.get("labels") or {}), key: value}
                path = pointer("spec", "subsets", place, "labels")
                yield patch_command(DESTINATION_RULE, name_of(rule), {"op": "add", "path": path, "value": labels})


def _to_subset(survey: Survey, arms: SurveyedArms, arm: SurveyedArm, subset: str) -> Iterator[str]:
    """Yield commands that make the routes to a host lead to its subset, and a comment with the flag that names it."""
    for obj in survey.virtual_services:
        name = name_of(obj)
        patches = [
            {"op": "add", "path": pointer("spec", "http", at, "route", place, "destination", "subset"), "value": subset}
            for at, body in enumerate(http_routes(obj))
            for place, entry in enumerate(body.get("route") or [])
            if side_of(entry, name.namespace) == arm.side and arms.is_released(name) and label_of(at, body)
        ]
        if patches:
            yield patch_command(VIRTUAL_SERVICE, name, *patches)
    yield f"# then release with --{arm.role}-destination {arm.destination.host}/{subset}"


def _has_rule(survey: Survey, host: str) -> bool:
    return any(_is_for(rule, host) for rule in survey.destination_rules)


def _is_for(rule: Object, host: str) -> bool:
    named = side_of({"destination": {"host": (rule.get("spec") or {}).get("host")}}, name_of(rule).namespace)[0]
    return named == host
