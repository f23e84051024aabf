"""Objects that a Canary of Flagger still owns: Flagger writes their weights, and they go when it goes (pure)."""

from steps.cluster.api import Object
from steps.survey.arms import SurveyedArms
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem
from steps.workload.preconditions import deployment_name

CODE = "flagger"


def check_flagger_owner(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each object of the release that a Canary owns."""
    services = (survey.service(arm.destination.host.partition(".")[0]) for arm in arms.both)
    owned = [
        *((f"VirtualService {name_of(one)}", one) for one in arms.released),
        *((deployment_name(arm.found), arm.found) for arm in arms.both if arm.found is not None),
        *((f"Service {name_of(one)}", one) for one in services if one is not None),
    ]
    return [_problem(about, canary, survey.namespace) for about, one in owned if (canary := owning_canary(one))]


def owning_canary(obj: Object) -> str:
    """Return the name of Flagger's Canary that owns an object, "" for none."""
    for owner in obj["metadata"].get("ownerReferences") or []:
        if owner.get("kind") == "Canary" and str(owner.get("apiVersion", "")).startswith("flagger.app/"):
            return str(owner.get("name") or "")
    return ""


def _problem(about: str, canary: str, namespace: str) -> Problem:
    text = (
        f"Canary {canary} of Flagger owns it: Flagger sets weights back in the middle of a release, and when the Canary"
        " goes, the object goes too. Take the Canary away and leave its objects (docs/from-flagger.md)."
    )
    patch = """'{"spec":{"revertOnDeletion":false,"suspend":true}}'"""
    remedy = (
        f"kubectl patch canary {canary} -n {namespace} --type merge -p {patch}\n"
        f"kubectl delete canary {canary} -n {namespace} --cascade=orphan"
    )
    return Problem(CODE, about, text, (remedy,))
