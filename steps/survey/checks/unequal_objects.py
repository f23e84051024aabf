"""Policies, monitors and mesh configuration that select one arm only (pure)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import (
    AUTHORIZATION_POLICY,
    ENVOY_FILTER,
    NETWORK_POLICY,
    PEER_AUTHENTICATION,
    POD_DISRUPTION_BUDGET,
    POD_MONITOR,
    REQUEST_AUTHENTICATION,
    SERVICE_MONITOR,
    SIDECAR,
    TELEMETRY,
    WASM_PLUGIN,
    Kind,
)
from steps.model.run import ObjectName
from steps.survey.arms import SurveyedArms, selectors_of
from steps.survey.commands import apply_command
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Gravity, Problem
from steps.workload.arm_selectors import ArmSelectors
from steps.workload.label_selectors import contains, keys, matches
from steps.workload.related_objects import effect_of, unequal_selections

_COVERED: tuple[tuple[Kind, Gravity], ...] = (
    (NETWORK_POLICY, "refuses"),
    (AUTHORIZATION_POLICY, "refuses"),
    (POD_DISRUPTION_BUDGET, "warns"),
    (POD_MONITOR, "warns"),
)
"""Kinds that prepare compares as well."""

_MESH: tuple[tuple[Kind, str, Gravity, str], ...] = (
    (REQUEST_AUTHENTICATION, "selector", "refuses", "tokens would be checked in one arm and not in the other"),
    (PEER_AUTHENTICATION, "selector", "refuses", "one arm would demand mTLS and the other would not"),
    (ENVOY_FILTER, "workloadSelector", "warns", "the proxies of the two arms would work differently"),
    (SIDECAR, "workloadSelector", "warns", "the two arms would reach different services"),
    (TELEMETRY, "selector", "warns", "the proxies of the two arms would report differently, so counts may not compare"),
    (WASM_PLUGIN, "selector", "warns", "the plugin would run in one arm only"),
)
"""Istio's kinds: where the labels stand, whether it decides about access, and what follows."""


def check_unequal_objects(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each object that selects one arm's pods and not the other's."""
    both = selectors_of(survey, arms)
    if both is None:
        return []
    return [*_covered(survey, both), *_mesh(survey, both), *_service_monitors(survey, arms)]


def _covered(survey: Survey, both: Sequence[ArmSelectors]) -> Iterator[Problem]:
    for kind, gravity in _COVERED:
        for obj in survey.more(kind):
            for what, sides in unequal_selections(kind, obj, both):
                remedies = _copies(kind, obj, "spec", both, sides) if what == "selects" else ()
                if gravity == "refuses":
                    remedies = (*remedies, "--allow-policies")
                yield _problem(kind, obj, f"{what} only {' and '.join(sides)}: {effect_of(kind)}.", remedies, gravity)


def _mesh(survey: Survey, both: Sequence[ArmSelectors]) -> Iterator[Problem]:
    for kind, field, gravity, effect in _MESH:
        for obj in survey.more(kind):
            picks = _picks(obj.get("spec") or {}, field)
            sides = [arm.deployment for arm in both if picks(arm)] if picks else []
            if len(sides) == 1:
                remedies = _copies(kind, obj, field, both, sides)
                if gravity == "refuses":
                    remedies = (*remedies, "--allow-policies")
                yield _problem(kind, obj, f"applies only to {sides[0]}: {effect}.", remedies, gravity)


def _picks(spec: Mapping[str, Any], field: str) -> Callable[[ArmSelectors], bool] | None:
    """Return which arms an object of Istio selects, None where it is for all pods of its namespace."""
    targets = spec.get("targetRefs") or ([spec["targetRef"]] if spec.get("targetRef") else [])
    services = {one.get("name") for one in targets if one.get("kind") == "Service"}
    if services:
        return lambda arm: arm.service in services
    labels = (spec.get(field) or {}).get("matchLabels") or (spec.get(field) or {}).get("labels")
    return (lambda arm: contains(labels, arm.pods)) if labels else None


def _problem(kind: Kind, obj: Object, text: str, remedies: tuple[str, ...], gravity: Gravity) -> Problem:
    return Problem("unequal-object", f"{kind.name} {name_of(obj)}", text, remedies, gravity)


def _copies(kind: Kind, obj: Object, field: str, both: Sequence[ArmSelectors], sides: Sequence[str]) -> tuple[str, ...]:
    """Return the command that makes a copy for the other arm: the same object with that arm's labels."""
    own = next(arm for arm in both if arm.deployment in sides)
    other = next(arm for arm in both if arm.deployment not in sides)
    spec = dict(obj.get("spec") or {})
    places = [name for name in ("podSelector", "selector", "workloadSelector") if spec.get(name)]
    if not places or spec.get("targetRefs") or spec.get("targetRef"):
        return ()
    place = places[0] if field == "spec" else field
    inner = "labels" if "labels" in spec[place] else "matchLabels"
    wanted = set(spec[place].get(inner) or {}) | (keys(spec[place]) if inner == "matchLabels" else set())
    labels = {key: other.pods[key] for key in sorted(wanted) if key in other.pods}
    if not labels or contains(labels, own.pods):
        return ()
    name = ObjectName(name_of(obj).namespace, f"{name_of(obj).name}-{other.deployment}"[:63].rstrip("-."))
    metadata = {"labels": obj["metadata"]["labels"]} if obj["metadata"].get("labels") else {}
    body = {"metadata": metadata, "spec": {**spec, place: {inner: labels}}}
    return (apply_command(_served(kind, obj), name, body),)


def _served(kind: Kind, obj: Object) -> Kind:
    """Return a kind in the version that an object was read in."""
    version = str(obj.get("apiVersion") or kind.api_version).rpartition("/")[2]
    return Kind(kind.name, kind.group, version, kind.plural)


def _service_monitors(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    """Yield ServiceMonitors that select one arm's Service by its labels and not the other's."""
    names = [arm.behind.service for arm in arms.both]
    services = [survey.service(name) for name in names]
    if names[0] == names[1] or None in services:
        return
    labels = [(one["metadata"].get("labels") or {}) if one else {} for one in services]
    for obj in survey.more(SERVICE_MONITOR):
        selector = (obj.get("spec") or {}).get("selector")
        picked = [name for name, carried in zip(names, labels, strict=True) if matches(selector, carried)]
        if len(picked) == 1:
            other = next(name for name in names if name not in picked)
            missing = " ".join(
                f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())
            )
            remedy = f"kubectl label service {other} -n {survey.namespace} {missing}"
            text = f"scrapes only Service {picked[0]}: custom metrics of the other arm, {other}, are missing."
            yield _problem(SERVICE_MONITOR, obj, text, (remedy,) if missing else (), "warns")
