"""What the chart adds for Prometheus and Grafana is what the repository has, byte by byte where Grafana reads it."""

from __future__ import annotations

import pytest
import yaml

from steps.survey.monitoring import SPEC
from tests.contract.charts.rendered import ROOT, Helm

DASHBOARDS = ROOT / "dashboards"


def test_the_dashboard_is_the_committed_one(helm: Helm) -> None:
    """Its braces are Grafana's; the sidecar finds it by its label."""
    chosen = {"enabled": True, "annotations": {"grafana_folder": "Releases"}}
    found = helm.render({"dashboard": chosen})["ConfigMap", "canary-steps-dashboard"]
    assert {"canary-steps.json": (DASHBOARDS / "canary-steps.json").read_text(encoding="utf-8")} == found["data"]
    assert "1" == found["metadata"]["labels"]["grafana_dashboard"]
    assert {"grafana_folder": "Releases"} == found["metadata"]["annotations"]


@pytest.mark.parametrize("has_board", [True, False])
def test_the_alert_rules_are_the_committed_ones(helm: Helm, has_board: bool) -> None:  # noqa: FBT001 - a parameter
    """The rules about the board only with it: otherwise its absence would be an alert."""
    groups = yaml.safe_load((DASHBOARDS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    found = helm.render({"alerts": {"enabled": True, "labels": {"release": "k8s"}}, "board": {"enabled": has_board}})
    rule = found["PrometheusRule", "canary-steps-alerts"]
    assert (groups if has_board else [one for one in groups if "board" not in one["name"]]) == rule["spec"]["groups"]
    assert {"app.kubernetes.io/part-of": "canary-steps", "release": "k8s"} == rule["metadata"]["labels"]


def test_the_proxies_are_scraped_as_doctor_says(helm: Helm) -> None:
    """The same PodMonitor; it can be limited to its own namespace, and has another interval where that is set."""
    found = helm.render({"podMonitor": {"enabled": True}})["PodMonitor", "canary-steps-proxies"]
    assert SPEC == found["spec"]
    chosen = {"enabled": True, "allNamespaces": False, "interval": "5s"}
    narrow = helm.render({"podMonitor": chosen})["PodMonitor", "canary-steps-proxies"]["spec"]
    assert narrow.get("namespaceSelector") is None
    assert "5s" == narrow["podMetricsEndpoints"][0]["interval"]


def test_the_board_is_scraped_where_it_is(helm: Helm) -> None:
    """Its PodMonitor selects its pod and names its port; without the board there is none."""
    found = helm.render({"board": {"enabled": True, "podMonitor": True, "runUrl": "https://argo.example/{workflow}"}})
    spec = found["PodMonitor", "canary-steps-board"]["spec"]
    pod = found["Deployment", "canary-board"]["spec"]["template"]
    assert set(spec["selector"]["matchLabels"].items()) <= set(pod["metadata"]["labels"].items())
    container = pod["spec"]["containers"][0]
    assert spec["podMetricsEndpoints"][0]["port"] == container["ports"][0]["name"]
    assert "https://argo.example/{workflow}" in {one["value"] for one in container["env"]}
    assert not {kind for kind, _ in helm.render({"board": {"podMonitor": True}})} & {"PodMonitor", "Deployment"}
