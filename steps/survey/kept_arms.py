"""Arms that other routes lead to: their users need the pods whatever a release does (pure)."""

from steps.survey.arms import SurveyedArms
from steps.survey.checks.other_routes import is_pair, leads_to_canary, leads_to_stable, weighted_sides
from steps.survey.objects import Survey, name_of


def kept_arms(survey: Survey, arms: SurveyedArms) -> tuple[str, ...]:
    """Return the Deployments of a release that a route outside of its split leads to, in sort order."""
    found = set()
    for obj in survey.virtual_services:
        namespace, spec = name_of(obj).namespace, obj.get("spec") or {}
        for body in [one for kind in ("http", "tcp", "tls") for one in spec.get(kind) or []]:
            if is_pair(arms, body, namespace):
                continue
            for side in weighted_sides(body, namespace):
                found |= {arms.canary.deployment} if leads_to_canary(survey, arms, side) else set()
                found |= {arms.stable.deployment} if leads_to_stable(survey, arms, side) else set()
    return tuple(sorted(found))
