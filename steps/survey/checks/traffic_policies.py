"""DestinationRules whose traffic policy is not the same for both arms (pure)."""

from typing import Any

from steps.cluster.kinds import DESTINATION_RULE
from steps.model.run import ObjectName
from steps.survey.arms import SurveyedArm, SurveyedArms
from steps.survey.commands import apply_command, patch_command, pointer
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Gravity, Problem
from steps.traffic.destinations import full_host


def check_traffic_policies(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem where timeouts, pools, outlier detection, balancing or TLS differ between the arms."""
    mine, theirs = (_policy(survey, arm) for arm in arms.both)
    differing = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
    if not differing:
        return []
    text = (
        f"the traffic policy of {arms.stable.destination} and that of {arms.canary.destination} differ in"
        f" {', '.join(differing)}: proxies treat the two arms differently, and the comparison blames the version."
    )
    remedy = _remedy(survey, arms, mine)
    # Without the same TLS mode one of the two is not reached at all.
    gravity: Gravity = "refuses" if "tls" in differing else "warns"
    return [Problem("traffic-policy", f"DestinationRule {_where(survey, arms)}", text, (remedy,), gravity)]


def _policy(survey: Survey, arm: SurveyedArm) -> dict[str, Any]:
    """Return what applies to a destination: the host's policy, and that of its subset above it."""
    host, wanted = arm.side
    made: dict[str, Any] = {}
    for rule in sorted(survey.destination_rules, key=lambda one: not _host(one).startswith("*")):
        if not _covers(_host(rule), host):
            continue
        body = rule.get("spec") or {}
        made = {**(body.get("trafficPolicy") or {})} if body.get("trafficPolicy") else made
        for subset in body.get("subsets") or []:
            if wanted and subset.get("name") == wanted:
                made = {**made, **(subset.get("trafficPolicy") or {})}
    return made


def _host(rule: dict[str, Any]) -> str:
    return full_host(str((rule.get("spec") or {}).get("host") or ""), name_of(rule).namespace)


def _covers(named: str, host: str) -> bool:
    return named == host or (named.startswith("*") and host.endswith(named[1:]))


def _where(survey: Survey, arms: SurveyedArms) -> str:
    hosts = {arms.stable.side[0], arms.canary.side[0]}
    found = [str(name_of(rule)) for rule in survey.destination_rules if _host(rule) in hosts]
    return " and ".join(found) or "of another host"


def _remedy(survey: Survey, arms: SurveyedArms, policy: dict[str, Any]) -> str:
    """Return the command that gives the canary's destination the policy of stable's."""
    host, subset = arms.canary.side
    for rule in survey.destination_rules:
        if _host(rule) != host:
            continue
        places = [at for at, one in enumerate(rule["spec"].get("subsets") or []) if one.get("name") == subset]
        path = pointer("spec", "subsets", places[0], "trafficPolicy") if places else "/spec/trafficPolicy"
        return patch_command(DESTINATION_RULE, name_of(rule), {"op": "add", "path": path, "value": policy})
    name = ObjectName(survey.namespace, host.partition(".")[0])
    return apply_command(DESTINATION_RULE, name, {"spec": {"host": host, "trafficPolicy": policy}})
