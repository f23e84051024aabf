"""Nodes, rights and whole namespaces that go away under a release on its rung."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.e2e.argo.waiting_release import hold
from tests.e2e.argo.workflow import claim, image, is_at_rest, weight
from tests.e2e.kubectl import kubectl
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support.processes import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.full]


def test_users_return_although_the_account_may_not_patch_deployments_any_more(lab: ClusterLab, users: Load) -> None:
    """The weight needs the VirtualService alone; the claim stays for sweep, and the step asks for a person."""
    release = hold(lab, users)
    _refuse_deployments(lab, "canary-steps-walker")
    release.stop()
    assert release.wait_for_end() == "Failed"
    assert weight(lab) == 0
    assert release.exit_code("rollback") in {3, 4}
    assert claim(lab)
    returned = time.time()
    users.wait_for(lambda view: view.since(returned).versions()["v1"] > 50)
    assert users.view().since(returned).versions()["v2"] == 0
    assert _canary_steps(lab, "rollback", "--any-run") == 0
    lab.wait_for(lambda: is_at_rest(lab), 60, "the end of the canary's pods")
    seen = users.stop()
    assert seen.failures() == ()


def test_a_drained_node_takes_the_canary_and_the_release_still_ends_safely(lab: ClusterLab, users: Load) -> None:
    """Its pods are evicted on a rung; the step moves users away until they are back, and nothing is promoted by it."""
    release = hold(lab, users)
    for pod in lab.pods("shop-canary"):
        name = pod["metadata"]["name"]
        path = f"{lab.api.path('v1', 'Pod', lab.namespace)}/{name}/eviction"
        lab.api.call("POST", path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}})
    release.stop()
    assert release.wait_for_end() == "Failed"
    assert "promote" not in release.ran
    assert is_at_rest(lab)
    assert image(lab) == "demo/shop:v1"
    assert users.view().records[-1].version == "v1"


def test_a_deleted_namespace_leaves_nothing_that_a_sweep_stumbles_over(lab: ClusterLab, users: Load) -> None:
    """The run's pods go with it; the sweep of all namespaces ends well while it goes, and when it is gone."""
    hold(lab, users)
    kubectl(lab, "delete", "namespace", lab.namespace, "--wait=false")
    assert _canary_steps(lab, "sweep", "--all-namespaces", names_app=False) == 0
    users.stop()


def _refuse_deployments(lab: ClusterLab, role: str) -> None:
    """Take the right to patch Deployments from a role."""
    found = lab.api.get("rbac.authorization.k8s.io/v1", "Role", role, lab.namespace)
    for rule in found["rules"]:
        if "deployments" in rule["resources"]:
            rule["verbs"] = [verb for verb in rule["verbs"] if verb != "patch"]
    kept = {"name": role, "namespace": lab.namespace}
    lab.api.apply([{**found, "metadata": kept}], lab.namespace)


def _canary_steps(lab: ClusterLab, step: str, *flags: str, names_app: bool = True) -> int:
    """Run a step as a person does, and return its exit code."""
    app = ("--app", "shop", "--namespace", lab.namespace) if names_app else ()
    where = (*app, "--kubeconfig", str(lab.kubeconfig))
    return subprocess.run([sys.executable, "-m", "steps", step, *where, *flags], cwd=ROOT, check=False).returncode
