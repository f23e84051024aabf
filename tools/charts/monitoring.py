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
_BOARD = "and .Values.board.enabled .Values.board.podMonitor (not .Values.releasesFrom)"


def monitoring_templates() -> dict[str, str]:
    """Return the text of each template by its path in the chart, and the dashboard that its template reads."""
    found = {
        "podmonitor": (".Values.podMonitor.enabled", "steps/survey/monitoring.py", _pod_monitor()),
        "alerts": (".Values.alerts.enabled", "dashboards/alerts.yaml", _alerts()),
        "dashboard": (".Values.dashboard.enabled", _COPY, _dashboard()),
        "board-podmonitor": (_BOARD, "tools/charts/monitoring.py", _board_pod_monitor()),
    }
    templates = {
        f"templates/{name}.yaml": "\n".join([head(origin), under(condition, template(document)), ""])
        for name, (condition, origin, document) in found.items()
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
        "spec": {"groups": [_group(one) for one in groups]},
    }


def _group(one: Json) -> object:
    """Return a group of rules; those about the board need one."""
    return When(".Values.board.enabled", one) if one["name"] == "canary-steps-board" else one


def _board_pod_monitor() -> Json:
    labels = Expression('include "canary-steps.labels" .Values.board.podMonitorLabels')
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": Expression('printf "%s-board" .Release.Name'), "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": "canary-board"}},
            "podMetricsEndpoints": [{"port": "http-metrics"}],
        },
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
