"""The cluster lab itself keeps the promises of the embedded one, with real parts."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.lab.cluster import argo, tekton
from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.addresses import Block
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE
from tests.support.processes import ROOT

pytestmark = pytest.mark.e2e
_WORKFLOWS = "argoproj.io/v1alpha1"


def set_weight(lab: ClusterLab, weight: int, *flags: str) -> None:
    """Set the canary's weight by the product's step, from outside the cluster."""
    where = ("--app", "shop", "--namespace", lab.namespace, "--kubeconfig", str(lab.kubeconfig))
    words = (sys.executable, "-m", "steps", "set-weight", *where, "--prometheus-url", lab.prometheus_url, *flags)
    subprocess.run((*words, "--weight", str(weight)), cwd=ROOT, check=True, capture_output=True)


def counted(lab: ClusterLab, selector: str) -> float:
    """Return a sum of istio_requests_total in the lab's namespace."""
    named = f'destination_workload_namespace="{lab.namespace}"'
    found = lab.query(f"sum(istio_requests_total{{{named},{selector}}})")
    return float(found[0]["value"][1]) if found else 0.0


def test_users_follow_the_weight_and_prometheus_counts_them(lab: ClusterLab) -> None:
    """By workload and response code, as users saw it."""
    selectors = [f'destination_workload="{name}"' for name in ("shop", "shop-canary")]
    selectors.append('destination_workload="shop-canary",response_code="500"')
    before = [counted(lab, selector) for selector in selectors]
    with lab.load(100) as load:
        load.wait_for(lambda view: len(view.records) > 100)
        set_weight(lab, 100)
        changed = time.time()
        load.wait_for(lambda view: len(view.since(changed + 0.5).records) > 300)
        set_weight(lab, 0)
        seen = load.stop()
    assert seen.where(lambda record: changed + 0.5 < record.sent < changed + 2).share("v2") == 1.0
    # Two scrapes later.
    time.sleep(2.5)
    risen = [counted(lab, selector) - then for selector, then in zip(selectors, before, strict=True)]
    assert risen == pytest.approx([seen.versions()["v1"], seen.versions()["v2"], seen.statuses()[500]], rel=0.02)


def test_an_embedded_lab_gets_its_ports_beside_the_cluster(lab: ClusterLab) -> None:
    """No daemon of the cluster takes one at all addresses, Tekton's neither."""
    if lab.is_own:
        tekton.up(lab.api)
    block = Block()
    try:
        block.require_free(8080)
    finally:
        block.release()


def test_the_split_that_was_set_is_the_split_that_is_observed(lab: ClusterLab) -> None:
    """Through the product's own eyes: the step waits for it in Prometheus."""
    with lab.load(100):
        set_weight(lab, 30, "--wait-observed")
        set_weight(lab, 0)


def test_versions_are_distinguished_by_digest(lab: ClusterLab) -> None:
    """Promote needs this to know whether stable runs the judged image."""
    stable, canary = (lab.pods(name)[0]["status"]["containerStatuses"][0] for name in ("shop", "shop-canary"))
    assert "sha256:" in stable["imageID"]
    assert stable["imageID"] != canary["imageID"]


def test_argo_runs_a_step_and_reads_its_result(lab: ClusterLab, tmp_path: Path) -> None:
    """The image as the product ships it, hardened, by the pod's own service account."""
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text(yaml.safe_dump(_workflow(lab)))
    lab.api.apply(_accounts(), lab.namespace)
    done = argo.command("submit", "--namespace", lab.namespace, "--wait", str(workflow), kubeconfig=lab.kubeconfig)
    assert done.returncode == 0, done.stdout + done.stderr
    [ended] = lab.api.items(_WORKFLOWS, "Workflow", lab.namespace)
    [result] = next(node for node in ended["status"]["nodes"].values() if node["type"] == "Pod")["outputs"][
        "parameters"
    ]
    assert (result["name"], result["value"]) == ("weight", "10")
    [route] = lab.get(VIRTUAL_SERVICE, "shop")["spec"]["http"]
    assert [entry["weight"] for entry in route["route"]] == [90, 10]
    set_weight(lab, 0)


def _workflow(lab: ClusterLab) -> Json:
    container = {
        "image": lab.registry.push_product(),
        "imagePullPolicy": "IfNotPresent",
        "command": ["canary-steps"],
        "args": ["set-weight", "--app", "shop", "--weight", "10"],
        "env": [{"name": "RESULT_WEIGHT", "value": "/tmp/outputs/weight"}],
        "securityContext": {"runAsNonRoot": True, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "outputs", "mountPath": "/tmp/outputs"}],
    }
    template = {
        "name": "main",
        "container": container,
        "volumes": [{"name": "outputs", "emptyDir": {}}],
        "outputs": {"parameters": [{"name": "weight", "valueFrom": {"path": "/tmp/outputs/weight"}}]},
    }
    spec = {"entrypoint": "main", "serviceAccountName": "walker", "templates": [template]}
    return {"apiVersion": _WORKFLOWS, "kind": "Workflow", "metadata": {"generateName": "step-"}, "spec": spec}


def _accounts() -> list[Json]:
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": ["networking.istio.io"], "resources": ["virtualservices"], "verbs": ["get", "list", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "patch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    ]
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "walker"}, "rules": rules}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "walker"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "walker"},
        "subjects": [{"kind": "ServiceAccount", "name": "walker"}],
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "walker"}}
    return [account, role, binding, *argo.executor_permissions("walker")]
