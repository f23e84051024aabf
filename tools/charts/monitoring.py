"""The templates for Prometheus and Grafana: scraping of Istio's proxies, alert rules, the dashboard."""

from typing import Any

import yaml

from steps.survey.monitoring import SPEC
from tools.charts.conditions import Expression, Json, When
from tools.charts.sources import ROOT
from tools.charts.template_writer import head, template, under

_ALERTS = ROOT / "dashboards" / "alerts.yaml"
_DASHBOARD = ROOT / "dashboards" / "canary-steps.json"
_COPY = "dashboards/canary-steps.json"


def monitoring_templates() -> dict[str, str]:
    """Return the text of each template by its path in the chart, and the dashboard that its template reads."""
    origins = {"podMonitor": "steps/survey/monitoring.py", "alerts": "dashboards/alerts.yaml", "dashboard": _COPY}
    documents = {"podMonitor": _pod_monitor(), "alerts": _alerts(), "dashboard": _dashboard()}
    templates = {
        f"templates/{name.lower()}.yaml": "\n".join(
            [head(origins[name]), under(f".Values.{name}.enabled", template(document)), ""]
        )
        for name, document in documents.items()
    }
    return {**templates, _COPY: _DASHBOARD.read_text(encoding="utf-8")}


def _metadata(section: str, name: str, **more: object) -> Json:
    labels = Expression(f'include "canary-steps.labels" .Values.{section}.labels')
    return {"name": Expression(f'printf "%s-{name}" .Release.Name'), "labels": labels, **more}


def _pod_monitor() -> Json:
    spec: dict[str, Any] = dict(SPEC)
    (endpoint,) = spec["podMetricsEndpoints"]
    every = When(".Values.podMonitor.allNamespaces", spec["namespaceSelector"])
    interval = Expression(".Values.podMonitor.interval")
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": _metadata("podMonitor", "proxies"),
        "spec": {
            "selector": spec["selector"],
            "namespaceSelector": every,
            "podMetricsEndpoints": [{**endpoint, "interval": interval}],
        },
    }


def _alerts() -> Json:
    groups = yaml.safe_load(_ALERTS.read_text(encoding="utf-8"))["groups"]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": _metadata("alerts", "alerts"),
        "spec": {"groups": [group for group in groups if group["name"] != "canary-steps-board"]},
    }


def _dashboard() -> Json:
    """Return the ConfigMap; the file is read by the template, since Grafana's own braces must stay as they are."""
    annotations = When(".Values.dashboard.annotations", Expression("toJson .Values.dashboard.annotations"))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata("dashboard", "dashboard", annotations=annotations),
        "data": {"canary-steps.json": Expression(f'.Files.Get "{_COPY}" | toJson')},
    }
