"""RBAC: each account may do what it needs, and the API server denies it everything else."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.argo.permissions import BASIC, Account, all_rights, granted
from tests.e2e.argo.workflow import Workflow, image, is_at_rest
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import compose, configure, install, users_of
from tests.lab.cluster.lab import ClusterLab
from tests.support.workflow_files import of_kind

pytestmark = pytest.mark.e2e

ROLES = {one["metadata"]["name"]: granted(one["rules"]) for one in of_kind("Role")}
WIDE = {"events", "podmonitors", "replicasets", "pods", "persistentvolumeclaims", "horizontalpodautoscalers",
        "poddisruptionbudgets", "endpointslices", "networkpolicies", "authorizationpolicies",
        "destinationrules"}  # fmt: skip
"""Resources whose names RBAC cannot know beforehand: they are listed, created, or named by an app's own template."""


def test_each_account_may_do_what_its_role_says_and_nothing_else(lab: ClusterLab) -> None:
    """Every verb of every resource of this server is checked; in other namespaces an account may do nothing."""
    everything = all_rights(lab)
    assert len(everything) > 300
    for name in ("canary-steps-reader", "canary-steps-walker", "canary-steps-sweeper"):
        account, wanted = Account(lab, name), ROLES[name] | ROLES["canary-steps-executor"]
        # A server may lack optional resources: PodMonitors belong to the Prometheus Operator.
        assert all(account.may(right) for right in wanted)
        assert (wanted & everything) | BASIC == {right for right in everything if account.may(right)}
        assert set() == {right for right in wanted if account.may(right, namespace="kube-system")}
        assert set() == {right for right in wanted if account.may(right, namespace="")}


@pytest.fixture
def narrow(images: None, tmp_path: Path) -> Iterator[ClusterLab]:
    """Return a namespace whose roles are those that `canary-steps init` prints for `shop`."""
    with ClusterLab(f"e2e-{random.randrange(10**8)}") as lab:
        install(lab, compose(tmp_path, "named-roles"))
        lab.deploy_app()
        init = [str(Path(sys.executable).with_name("canary-steps")), "init", "--app", "shop"]
        asked = [*init, "--kubeconfig", str(lab.kubeconfig), "--namespace", lab.namespace]
        printed = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout
        kubectl(lab, "apply", "-f", "-", given=printed)
        configure(lab)
        yield lab


def test_a_release_needs_no_more_than_the_roles_that_name_its_objects(narrow: ClusterLab) -> None:
    """All of it succeeds under roles for `shop`, and another app's objects are out of reach."""
    for name in ("canary-steps-reader", "canary-steps-walker"):
        account = Account(narrow, name)
        for right in ROLES[name]:
            _, resource, verb = right
            is_open = resource in WIDE or verb in {"create", "list"}  # neither can be limited by name
            if resource != "destinationrules":  # only if the arms are subsets
                assert account.may(right, name="shop"), right
                assert account.may(right, name="till") is is_open, right
    with users_of(narrow) as users:
        release = Workflow.release(narrow, "v2", "canary-release-lean", weights="[50]")
        assert release.wait_for_end() == "Succeeded"
        assert image(narrow) == "demo/shop:v2"
        assert is_at_rest(narrow)
        assert users.stop().failures() == ()
