"""The template of the PodMonitor, by which a Prometheus Operator scrapes Istio's proxies."""

from typing import Any

from steps.survey.monitoring import SPEC
from tools.charts.conditions import Expression, Json, When
from tools.charts.template_writer import head, template, under

_NAME = Expression('printf "%s-proxies" .Release.Name')


def monitoring_templates() -> dict[str, str]:
    """Return the text of each template by its path in the chart."""
    return {"templates/podmonitor.yaml": _file("steps/survey/monitoring.py", "podMonitor", _pod_monitor())}


def _pod_monitor() -> Json:
    spec: dict[str, Any] = dict(SPEC)
    (endpoint,) = spec["podMetricsEndpoints"]
    every = When(".Values.podMonitor.allNamespaces", spec["namespaceSelector"])
    interval = Expression(".Values.podMonitor.interval")
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": _NAME, "labels": Expression('include "canary-steps.labels" .Values.podMonitor.labels')},
        "spec": {
            "selector": spec["selector"],
            "namespaceSelector": every,
            "podMetricsEndpoints": [{**endpoint, "interval": interval}],
        },
    }


def _file(origin: str, section: str, document: Json) -> str:
    return "\n".join([head(origin), under(f".Values.{section}.enabled", template(document)), ""])
