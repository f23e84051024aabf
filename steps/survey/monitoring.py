"""The PodMonitor that makes Prometheus scrape the mesh, with the labels that it selects PodMonitors by (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import POD_MONITOR
from steps.model.run import ObjectName
from steps.survey.commands import apply_command

SPEC: Mapping[str, Any] = {
    "selector": {"matchExpressions": [{"key": "istio-prometheus-ignore", "operator": "DoesNotExist"}]},
    "namespaceSelector": {"any": True},
    "podMetricsEndpoints": [{"port": "http-envoy-prom", "path": "/stats/prometheus", "interval": "15s"}],
}
"""Scrapes every Istio proxy of the cluster, above all the gateways, which see the users' requests."""


def pod_monitor(namespace: str, prometheuses: Sequence[Object]) -> str:
    """Return the command that adds a PodMonitor for all proxies.

    Args:
        namespace: where it is made.
        prometheuses: objects of kind Prometheus; the labels by which the first one selects PodMonitors are added.
    """
    labels = selected_labels(prometheuses)
    body = {"metadata": {"labels": labels} if labels else {}, "spec": SPEC}
    return apply_command(POD_MONITOR, ObjectName(namespace, "envoy-stats"), body)


def selected_labels(prometheuses: Sequence[Object]) -> dict[str, str]:
    """Return the labels that a PodMonitor needs to be selected by the first Prometheus that selects by labels."""
    for one in prometheuses:
        selector = (one.get("spec") or {}).get("podMonitorSelector") or {}
        labels = dict(selector.get("matchLabels") or {})
        for entry in selector.get("matchExpressions") or []:
            if entry.get("operator") == "In" and entry.get("values"):
                labels.setdefault(str(entry["key"]), str(entry["values"][0]))
        if labels:
            return labels
    return {}
