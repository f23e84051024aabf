"""Validation that the steps may meet: names, annotations, immutable fields, and the schemas of the few kinds."""

from __future__ import annotations

import re

from tests.support.kubernetes_api.errors import invalid
from tests.support.kubernetes_api.kinds import (
    DEPLOYMENT,
    DESTINATION_RULE,
    EVENT,
    NAMESPACE,
    REPLICA_SET,
    SERVICE,
    VIRTUAL_SERVICE,
    Json,
    Kind,
)
from tests.support.kubernetes_api.selectors import selects

ANNOTATIONS_LIMIT_BYTES = 256 * 1024
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)

Causes = list[tuple[str, str]]


def check(kind: Kind, item: Json, old: Json | None) -> None:
    """Raise the server's 422 unless `item` may be stored in place of `old`."""
    causes = [*_metadata(kind, item["metadata"])]
    if kind in {DEPLOYMENT, REPLICA_SET}:
        causes += _workload(item, old)
    if kind is VIRTUAL_SERVICE:
        causes += _virtual_service(item)
    if kind is DESTINATION_RULE and not item.get("spec", {}).get("host"):
        causes.append(("spec.host", "Required value"))
    if kind is EVENT and item.get("involvedObject", {}).get("namespace", "") != item["metadata"].get("namespace"):
        seen = item.get("involvedObject", {}).get("namespace", "")
        causes.append(("involvedObject.namespace", f'Invalid value: "{seen}": does not match event.namespace'))
    if causes:
        raise invalid(kind, item["metadata"].get("name", ""), causes)


def _metadata(kind: Kind, metadata: Json) -> Causes:
    name = metadata.get("name", "")
    pattern, limit = (_LABEL, 63) if kind in {NAMESPACE, SERVICE} else (_SUBDOMAIN, 253)
    causes: Causes = []
    if not name:
        causes.append(("metadata.name", "Required value: name or generateName is required"))
    elif len(name) > limit:
        causes.append(("metadata.name", f'Invalid value: "{name}": must be no more than {limit} bytes'))
    elif not pattern.fullmatch(name):
        causes.append(("metadata.name", f'Invalid value: "{name}": {_SUBDOMAIN_RULE}'))
    for field in ("labels", "annotations"):
        for key in metadata.get(field) or {}:
            causes += [(f"metadata.{field}", f'Invalid value: "{key}": {wrong}') for wrong in _key_faults(key)]
    for value in (metadata.get("labels") or {}).values():
        if len(value) > 63 or (value and not _QUALIFIED.fullmatch(value)):
            causes.append(("metadata.labels", f'Invalid value: "{value}": a valid label must be at most 63 bytes'))
    size = sum(len(k.encode()) + len(v.encode()) for k, v in (metadata.get("annotations") or {}).items())
    if size > ANNOTATIONS_LIMIT_BYTES:
        causes.append(("metadata.annotations", f"Too long: may not be more than {ANNOTATIONS_LIMIT_BYTES} bytes"))
    return causes


def _key_faults(key: str) -> list[str]:
    prefix, slash, name = key.rpartition("/")
    faults = []
    if slash and not (len(prefix) <= 253 and _SUBDOMAIN.fullmatch(prefix)):
        faults.append(f"prefix part {_SUBDOMAIN_RULE}")
    if not name:
        faults.append("name part must be non-empty")
    elif len(name) > 63:
        faults.append("name part must be no more than 63 bytes")
    elif not _QUALIFIED.fullmatch(name):
        faults.append("name part must consist of alphanumeric characters, '-', '_' or '.'")
    return faults


def _workload(item: Json, old: Json | None) -> Causes:
    spec = item.get("spec", {})
    template = spec.get("template") or {}
    causes: Causes = []
    if not spec.get("selector"):
        causes.append(("spec.selector", "Required value"))
    elif not selects(spec["selector"], template.get("metadata", {}).get("labels") or {}):
        seen = template.get("metadata", {}).get("labels")
        causes.append(("spec.template.metadata.labels", f"Invalid value: {seen}: `selector` does not match template"))
    if old is not None and spec.get("selector") != old["spec"].get("selector"):
        causes.append(("spec.selector", f"Invalid value: {spec.get('selector')}: field is immutable"))
    if not template.get("spec", {}).get("containers"):
        causes.append(("spec.template.spec.containers", "Required value"))
    if not isinstance(spec.get("replicas"), int) or spec["replicas"] < 0:
        causes.append(("spec.replicas", f"Invalid value: {spec.get('replicas')}: must be greater than or equal to 0"))
    return causes


def _virtual_service(item: Json) -> Causes:
    """Check what the CRD's schema checks of HTTP routes; meaning (sums of weights) is the webhook's business."""
    causes: Causes = []
    http = item.get("spec", {}).get("http", [])
    if not isinstance(http, list):
        return [("spec.http", 'Invalid value: "object": spec.http in body must be of type array: "object"')]
    for i, rule in enumerate(http):
        for j, route in enumerate(rule.get("route", [])):
            path = f"spec.http[{i}].route[{j}]"
            if not isinstance(route.get("destination"), dict):
                causes.append((f"{path}.destination", "Required value"))
            elif not route["destination"].get("host"):
                causes.append((f"{path}.destination.host", "Required value"))
            if type(route.get("weight", 0)) is not int:
                kind = "string" if isinstance(route["weight"], str) else "number"
                wrong = f'Invalid value: "{kind}": {path}.weight in body must be of type integer: "{kind}"'
                causes.append((f"{path}.weight", wrong))
    return causes
