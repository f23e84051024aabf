"""A namespace of the real API server in which no pod ever starts, and the tools that apply manifests to it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.cluster.build import binary
from tests.support.api_client import ApiClient, session_from
from tests.support.gitops.appliers import Applier, Controller, Helm, Kubectl

MakeApplier = Callable[[str], Applier]
KUBECTL_FLAGS = {
    "kubectl": (),
    "kubectl-server-side": ("--server-side",),
    "argocd-client-side": ("--field-manager=argocd-controller",),
    "kubectl-prune": ("--prune", "-l", "app.kubernetes.io/instance=shop", "--prune-allowlist=apps/v1/Deployment"),
}


@pytest.fixture
def cluster() -> Iterator[ApiClient]:
    """Return the API server with a new namespace; a quota keeps the real controllers from making pods in it."""
    session, host = session_from(os.environ["CANARY_TEST_KUBECONFIG"])
    namespace = f"gitops-{random.randrange(10**8)}"
    with session:
        found = ApiClient(session, host, namespace)
        found.call("POST", "api/v1/namespaces", {"metadata": {"name": namespace}})
        quota = {"metadata": {"name": "no-pods"}, "spec": {"hard": {"pods": "0"}}}
        assert 201 == found.create("resourcequotas", quota).code
        yield found
        found.call("DELETE", f"api/v1/namespaces/{namespace}")


@pytest.fixture
def applier(cluster: ApiClient, tmp_path: Path) -> MakeApplier:
    """Return a function that makes a tool by its name; other names are controllers that never force a conflict."""
    kubeconfig = Path(os.environ["CANARY_TEST_KUBECONFIG"])

    def made(name: str) -> Applier:
        if name in KUBECTL_FLAGS:
            return Kubectl(kubeconfig, cluster.namespace, *KUBECTL_FLAGS[name])
        if name in {"helm3", "helm4"}:
            (tmp_path / name).mkdir()
            return Helm(binary(name), tmp_path / name, kubeconfig, cluster.namespace)
        return Controller(cluster, name, force=False)

    return made
