"""Subsets that tell the arms apart where one Service selects the pods of several Deployments (pure)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import DESTINATION_RULE
from steps.errors import PermanentError
from steps.manifests.manifest import Manifest
from steps.manifests.metadata import for_itself, managed_by
from steps.model.run import Destination, ObjectName
from steps.survey.app import app_deployments
from steps.survey.behind import behind
from steps.survey.objects import Survey, name_of, pod_labels
from steps.survey.splits import splits_of
from steps.traffic.destinations import full_host

Subsets = Mapping[str, Mapping[str, str]]
"""Labels by the subset's name."""

_PREFERRED = ("version", "app.kubernetes.io/version", "track")


def rules_of(survey: Survey, host: str) -> list[Object]:
    """Return the DestinationRules of a host, by its full name."""
    rules = survey.destination_rules
    return [one for one in rules if full_host(str(one["spec"].get("host") or ""), name_of(one).namespace) == host]


def defined(survey: Survey, host: str) -> dict[str, dict[str, str]]:
    """Return the subsets that a host has: labels by name."""
    subsets = [one for rule in rules_of(survey, host) for one in rule["spec"].get("subsets") or []]
    return {str(one.get("name")): dict(one.get("labels") or {}) for one in reversed(subsets)}


def rule_with(survey: Survey, host: str, subsets: Subsets) -> Manifest:
    """Return the DestinationRule of a host with further subsets: the one that exists in full, else a new one."""
    added = [{"name": name, "labels": dict(labels)} for name, labels in subsets.items()]
    shown = ", ".join(subsets)
    why = f"Subsets of the routes ({shown}). Envoy answers 503 for a subset that no DestinationRule defines."
    rules = rules_of(survey, host)
    if not rules:
        body = {"spec": {"host": host, "subsets": added}}
        return Manifest(DESTINATION_RULE, survey.namespace, _free_name(survey, host.partition(".")[0]), body, why)
    rule, name = rules[0], name_of(rules[0])
    spec = {**deepcopy(rule["spec"]), "subsets": [*deepcopy(rule["spec"].get("subsets") or []), *added]}
    return Manifest(
        DESTINATION_RULE, name.namespace, name.name, {"spec": spec},
        f"DestinationRule {name}, complete. Everything is as it is now, but for further subsets: {shown}.",
        for_itself(rule, "labels"), for_itself(rule, "annotations"), replaces=True, warning=managed_by(rule),
    )  # fmt: skip


def _free_name(survey: Survey, wanted: str) -> str:
    taken = {name_of(one) for one in survey.destination_rules}
    return wanted if ObjectName(survey.namespace, wanted) not in taken else f"{wanted}-arms"


def with_missing_subsets(survey: Survey, app: str) -> tuple[Survey, list[Manifest]]:
    """Define the subsets that an app's routes name and no rule defines, where labels show which Deployment is meant.

    Returns:
        The survey with these rules, and the rules as documents.
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    for host, subset in _undefined(survey, app):
        labels = _labels_for(survey, host, subset)
        if labels:
            found.setdefault(host, {})[subset] = labels
    made = [rule_with(survey, host, subsets) for host, subsets in found.items()]
    return with_rules(survey, made), made


def with_rules(survey: Survey, rules: Iterable[Manifest]) -> Survey:
    """Return a survey as it will be once these DestinationRules are applied."""
    made = {ObjectName(one.namespace, one.name): one.full for one in rules}
    kept = [one for one in survey.destination_rules if name_of(one) not in made]
    return replace(survey, destination_rules=(*kept, *made.values()))


def _undefined(survey: Survey, app: str) -> Iterator[tuple[str, str]]:
    own = set(app_deployments(survey, app))
    sides = {side for split in splits_of(survey.virtual_services) for side, _ in split.sides}
    for host, subset in sorted(sides):
        pods = behind(survey, Destination(host), survey.namespace).deployments
        if subset and subset not in defined(survey, host) and own & set(pods):
            yield host, subset


def _labels_for(survey: Survey, host: str, subset: str) -> dict[str, str]:
    """Return the label of the one Deployment behind a host whose value is the subset's name, {} if it is not unique."""
    pods = [_labels(survey, name) for name in behind(survey, Destination(host), survey.namespace).deployments]
    pairs = sorted({(key, value) for labels in pods for key, value in labels.items() if value == subset}, key=_order)
    return dict([pair for pair in pairs if sum(pair in labels.items() for labels in pods) == 1][:1])


def own_subset(survey: Survey, host: str, deployment: str) -> tuple[str, dict[str, str]]:
    """Return a subset of a host that leads to one Deployment alone: one that exists, else one to be made.

    Raises:
        PermanentError: no label tells its pods from those of the others behind the host.
    """
    for name, labels in defined(survey, host).items():
        if behind(survey, Destination(host, name), survey.namespace).deployments == (deployment,):
            return name, labels
    others = [one for one in behind(survey, Destination(host), survey.namespace).deployments if one != deployment]
    mine, theirs = _labels(survey, deployment), [_labels(survey, one) for one in others]
    telling = [pair for pair in sorted(mine.items(), key=_order) if all(one.get(pair[0]) != pair[1] for one in theirs)]
    if not telling:
        cause = (
            f"its pods have no label that those of {', '.join(others)} lack, so no subset leads to it alone. Add one,"
            f" for example `version: {deployment.rpartition('-')[2]}`, to its template."
        )
        raise PermanentError(f"looking for a subset of {host} for Deployment {deployment}", cause)
    key, value = telling[0]
    return _free(re.sub(r"[^a-z0-9-]+", "-", value.lower()).strip("-") or "stable", defined(survey, host)), {key: value}


def _free(wanted: str, taken: Mapping[str, Any]) -> str:
    return wanted if wanted not in taken else f"{wanted}-arm"


def made_subset(names: Sequence[str], deployment: Object, service: Object) -> tuple[str, str]:
    """Return the label (key, value) by which the pods of an arm to be made will differ inside one Service.

    Args:
        names: of the arm to be made, for messages: the subset.
        deployment: of the other arm.
        service: that selects both.

    Raises:
        PermanentError: the Service selects by all keys of the Deployment's selector.
    """
    chosen = deployment["spec"]["selector"].get("matchLabels") or {}
    selected = service["spec"].get("selector") or {}
    free = [key for key in chosen if key not in selected]
    if not free:
        cause = (
            f"Deployment {deployment['metadata']['name']} selects its pods by {', '.join(chosen) or 'nothing'}, as"
            f" Service {service['metadata']['name']} does: no label is left to distinguish two subsets. Add one, for"
            " example `track: stable`, to its selector and template (a selector is immutable: recreate the"
            " Deployment), or use two hosts instead of subsets."
        )
        raise PermanentError(f"looking for labels of subset {', '.join(names)}", cause)
    return next((key for key in _PREFERRED if key in free), free[0]), "canary"


def _labels(survey: Survey, deployment: str) -> Mapping[str, str]:
    found = survey.deployment(deployment)
    return pod_labels(found) if found else {}


def _order(pair: tuple[str, str]) -> tuple[int, str, str]:
    key = pair[0]
    return (_PREFERRED.index(key) if key in _PREFERRED else len(_PREFERRED), *pair)
