"""What a survey found, as plain data for a report (pure)."""

from collections.abc import Mapping
from typing import Any

from steps.model.run import Claim, ObjectName, Record
from steps.survey.arms import SurveyedArm, SurveyedArms
from steps.survey.choice import ChosenNames
from steps.survey.objects import name_of
from steps.traffic.destinations import ArmDestinations
from steps.traffic.routes import with_both_arms


def described(arms: SurveyedArms, chosen: ChosenNames) -> dict[str, Any]:
    """Return names, arms and routes; the field names are those of doctor's JSON."""
    names = arms.names
    return {
        "app": names.app,
        "namespace": names.namespace,
        "topology": chosen.topology,
        "names_from": chosen.origin,
        "because": list(chosen.because),
        "stable": _arm(arms.stable),
        "canary": _arm(arms.canary),
        "virtual_services": [_routes(arms, name) for name in names.virtual_services],
    }


def _arm(arm: SurveyedArm) -> dict[str, Any]:
    found: Mapping[str, Any] = arm.found or {"spec": {"replicas": 0, "template": {"spec": {}}}}
    containers = found["spec"]["template"]["spec"].get("containers") or [{}]
    return {
        "deployment": arm.deployment,
        "exists": arm.found is not None,
        "destination": str(arm.destination),
        "replicas": int(found["spec"].get("replicas", 1)),
        "ready": int((found.get("status") or {}).get("readyReplicas") or 0),
        "image": str(containers[0].get("image", "")),
    }


def _routes(arms: SurveyedArms, name: ObjectName) -> dict[str, Any]:
    obj = next((one for one in arms.released if name_of(one) == name), None)
    both = ArmDestinations(arms.names.stable_destination, arms.names.canary_destination, name.namespace)
    routes = with_both_arms(obj, both, alone=False) if obj else []
    shown = [{"name": route.label, "weight": route.canary} for route in routes]
    return {"name": str(name), "exists": obj is not None, "routes": shown}


def claim_fields(claim: Claim | None) -> dict[str, Any] | None:
    """Return a claim for people, None where there is none."""
    if claim is None:
        return None
    state = claim.state
    kept = {"weight": state.weight, "by": state.by, "started": state.started, "expires": state.expires}
    return {"run": claim.run, "phase": str(claim.phase), **kept}


def record_fields(record: Record | None) -> dict[str, Any] | None:
    """Return the record of the last run for people, None where there is none."""
    if record is None:
        return None
    names = ("run", "outcome", "reason", "verdict", "started", "ended")
    return {name: getattr(record, name) for name in names}
