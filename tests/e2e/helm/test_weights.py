"""What Helm does with weights that a run has set: our chart keeps them, a plain chart does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.e2e.helm.chart import HelmApp
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.manifests import virtual_service

pytestmark = pytest.mark.e2e
versions = pytest.mark.parametrize("helm", ["helm3", "helm4"], indirect=True)
CLAIM = "canary-steps.io/claim.shop"


@versions
def test_an_upgrade_in_the_middle_of_a_run_keeps_its_weights_and_marks(app: HelmApp) -> None:
    """Helm owns none of our annotations, so no later upgrade removes one. A change of routes waits in Helm 4."""
    assert 0 == app.upgrade("--no-hooks").code
    _set_weights(app)
    for config in ("2", "3"):
        other = app.upgrade("--no-hooks", config=config)
        assert 0 == other.code, other.said
        assert ([90, 10], "run:1:walking") == (app.weights(), _claim(app))
    routes = app.upgrade("--no-hooks", canary__route__timeout="7s")
    assert ([90, 10], "run:1:walking") == (app.weights(), _claim(app))
    if app.helm == "helm4":
        assert 0 != routes.code
        assert 'conflict with "canary-steps"' in routes.said
        routes = app.upgrade("--no-hooks", "--force-conflicts", canary__route__timeout="7s")
    assert 0 == routes.code, routes.said
    assert ([90, 10], "7s") == (app.weights(), app.lab.get(VIRTUAL_SERVICE, "shop")["spec"]["http"][0]["timeout"])


def _claim(app: HelmApp) -> str:
    return str(app.lab.get(VIRTUAL_SERVICE, "shop")["metadata"]["annotations"][CLAIM])


@versions
def test_a_plain_chart_resets_the_weights_or_meets_a_conflict(app: HelmApp, tmp_path: Path) -> None:
    """Helm 3 resets them once the VirtualService changes; Helm 4 refuses each upgrade, and the run goes on unharmed."""
    app.chart = _plain_chart(tmp_path / "plain")
    app.values = {}
    assert 0 == app.upgrade().code
    _set_weights(app)
    other = app.upgrade(other="2")
    assert [90, 10] == app.weights(), "another object changed"
    own = app.upgrade(other="2", timeout="7s")
    if app.helm == "helm3":
        assert (0, 0, [100, 0]) == (other.code, own.code, app.weights())
    else:
        assert 0 != other.code
        assert 0 != own.code
        assert [90, 10] == app.weights()
        assert 'conflict with "canary-steps"' in own.said


def _set_weights(app: HelmApp) -> None:
    """Write 90/10 and a claim as a run does, under its name."""
    api, namespace = app.lab.api, app.lab.namespace
    place = len(app.lab.get(VIRTUAL_SERVICE, "shop")["spec"]["http"]) - 1
    marks = {"claim.shop": "run:1:walking"}
    body = [
        {"op": "add", "path": "/metadata/annotations", "value": _annotations(app, marks)},
        {"op": "replace", "path": f"/spec/http/{place}/route/0/weight", "value": 90},
        {"op": "replace", "path": f"/spec/http/{place}/route/1/weight", "value": 10},
    ]
    path = api.path(VIRTUAL_SERVICE.api_version, VIRTUAL_SERVICE.kind, namespace)
    api.call("PATCH", f"{path}/shop", body, "application/json-patch+json", fieldManager="canary-steps")


def _annotations(app: HelmApp, marks: dict[str, str]) -> dict[str, str]:
    present = app.lab.get(VIRTUAL_SERVICE, "shop")["metadata"].get("annotations") or {}
    return {**present, **{f"canary-steps.io/{key}": value for key, value in marks.items()}}


def _plain_chart(chart: Path) -> Path:
    """Write a chart with a VirtualService whose weights are in the template."""
    (chart / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": "plain", "version": "1.0.0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    (chart / "values.yaml").write_text("other: 1\ntimeout: 5s\n", encoding="utf-8")
    routed = virtual_service("shop", {"host": "shop-primary"}, {"host": "shop-canary"})
    made: Json = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", **routed}
    made["spec"]["http"][0]["timeout"] = "TIMEOUT"
    text = yaml.safe_dump(made).replace("TIMEOUT", "{{ .Values.timeout }}")
    other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {value: "{{ .Values.other }}"}\n'
    (chart / "templates" / "routes.yaml").write_text(f"{text}---\n{other}", encoding="utf-8")
    return chart
