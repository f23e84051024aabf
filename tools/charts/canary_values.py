"""Writes charts/canary/values.schema.json, which `helm lint` and `helm template` check: `make docs`.

Each value of the chart has an entry here. What ends in canary.yaml is taken from the settings, so that a chart refuses
what a step would refuse, with its path. A test fails when the file is not up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from steps.__main__ import STEPS, find
from steps.settings.json_schema import canary_yaml_schema

Json = dict[str, Any]

CHART: Final = Path(__file__).parents[2] / "charts" / "canary"
FILE: Final = CHART / "values.schema.json"

_TEXT: Final[Json] = {"type": "string"}
_SWITCH: Final[Json] = {"type": "boolean"}
_LIST: Final[Json] = {"type": "array", "items": {"type": "object"}}
_MAP: Final[Json] = {"type": "object"}
_NAME: Final[Json] = {"type": "string", "maxLength": 63, "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"}
_PORT: Final[Json] = {"type": "integer", "minimum": 1, "maximum": 65535}
_LABELS: Final[Json] = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63}}
_DURATION: Final[Json] = {
    "description": "Seconds, or a duration such as 90s, 1m30s or 2h.",
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": r"^([1-9][0-9]*|([0-9]+h)?([0-9]+m)?[0-9]+s|([0-9]+h)?[0-9]+m|[0-9]+h)$"},
    ],
}
SET_BY_CHART: Final = frozenset(
    {
        "app",
        "bootstrap",
        "canary",
        "canary-destination",
        "config",
        "context",
        "kubeconfig",
        "ladder",
        "latency-slo",
        "min-seconds",
        "namespace",
        "run",
        "stable",
        "stable-destination",
        "stable-labels",
        "success-slo",
        "topology",
        "virtual-service",
    }
)
"""Settings that other values of the chart give, or that the pod of a hook has."""


def _object(**properties: Json) -> Json:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _choice(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


def _values() -> Json:
    """Return the schema of each value of one app, by name."""
    subset = _object(name=_NAME, labels={**_LABELS, "minProperties": 1})
    names = ("target", "stable", "service", "stableService", "canaryService", "virtualService", "destinationRule")
    return {
        "enabled": _SWITCH,
        "app": {**_NAME, "description": "The application; its objects are named after it."},
        "ladder": {
            "description": "Weights in percent, ascending.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "integer", "minimum": 1, "maximum": 100},
        },
        "interval": {**_DURATION, "description": f"Minimum time on a weight. {_DURATION['description']}"},
        "thresholds": _thresholds(),
        "settings": _settings(),
        "release": _choice("hook", "workflow", "pipelinerun", "none"),
        "hotfix": {
            "description": "Why this release is a hotfix, one sentence; for one upgrade alone, by --set-string.",
            "type": "string",
            "maxLength": 300,
        },
        "timeout": {**_DURATION, "description": f"What --timeout of helm says. {_DURATION['description']}"},
        "rollbackOnUninstall": _SWITCH,
        "shape": _choice("primary", "pair"),
        "names": _object(**dict.fromkeys(names, _NAME)),
        "selectorLabels": _LABELS,
        "stableLabels": _LABELS,
        "subsets": _object(stable=subset, canary=subset),
        "hosts": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "gateways": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "port": _PORT,
        "portName": {**_NAME, "minLength": 1},
        "targetPort": {"anyOf": [_PORT, {**_NAME, "minLength": 1}]},
        "services": _object(create=_SWITCH, extraPorts=_LIST),
        "route": {**_MAP, "not": {"anyOf": [{"required": ["route"]}, {"required": ["name"]}]}},
        "routesBefore": _LIST,
        "routesAfter": _LIST,
        "trafficPolicy": _MAP,
        "image": {"type": "string", "minLength": 1, "pattern": r"^\S+$"},
        "imagePullPolicy": _choice("Always", "IfNotPresent", "Never"),
        "imagePullSecrets": _LIST,
        "serviceAccount": _object(create=_SWITCH, name=_NAME),
        "labels": _LABELS,
        "podLabels": _LABELS,
        "podAnnotations": {"type": "object", "additionalProperties": _TEXT},
        "resources": _MAP,
        "nodeSelector": _LABELS,
        "tolerations": _LIST,
        "env": _LIST,
        "volumes": _LIST,
        "volumeMounts": _LIST,
    }


def _thresholds() -> Json:
    rate: Json = {
        "description": "Percent of the requests that must not fail; 0 for no such guard.",
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 100,
    }
    duration: Json = {
        "description": "Limit of the 99th percentile, such as 500ms or 1.5s.",
        "type": "string",
        "pattern": r"^([0-9]{1,9}(\.[0-9]{1,6})?(ms|s))?$",
    }
    return _object(**{"success-rate": rate, "request-duration": duration})


def _settings() -> Json:
    known = canary_yaml_schema(find(name).settings for name in STEPS)["properties"]
    return {
        "description": "Further settings of canary.yaml; docs/settings.md explains them.",
        **_object(**{name: schema for name, schema in known.items() if name not in SET_BY_CHART}),
    }


def schema() -> Json:
    """Return the schema of the chart's values: those of one app, and `apps` with values for each of several."""
    values = _values()
    definitions = canary_yaml_schema(find(name).settings for name in STEPS)["definitions"]
    of_app = {name: {"$ref": f"#/definitions/values/{name}"} for name in values}
    own = {name: one for name, one in of_app.items() if name != "app"}  # the key names it
    app = {"type": ["object", "null"], "additionalProperties": False, "properties": own}
    apps = {"type": "object", "propertyNames": {**_NAME, "minLength": 1}, "additionalProperties": app}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart canary",
        "type": "object",
        "additionalProperties": False,
        "properties": {"global": {}, "apps": apps, **of_app},
        "definitions": {**definitions, "values": values},
    }


def text() -> str:
    """Return the file's content."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name} of chart canary\n")
