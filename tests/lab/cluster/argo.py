"""Argo Workflows: its resources, its controller outside the cluster, its executor as an image on the node."""

import subprocess
from pathlib import Path

from tests.lab.cluster import images
from tests.lab.cluster.addresses import KUBECONFIG
from tests.lab.cluster.api import Api, Json, documents
from tests.lab.cluster.build import binary, definitions
from tests.lab.cluster.daemons import Daemon, answers, is_running, start

NAMESPACE = "argo"
_HEALTH = "http://127.0.0.1:6060/healthz"


def up(api: Api) -> None:
    """Start the controller, which watches all namespaces."""
    images.give_to_node(images.executor())
    if not is_running("argo-controller"):
        api.apply(documents(*definitions("argo")))
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "workflow-controller-configmap"},
        # They would be served on port 9090 of all addresses, where the embedded labs have their Prometheus.
        "data": {"metricsConfig": "enabled: false\n", "telemetryConfig": "enabled: false\n"},
    }
    api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    api.apply([config], NAMESPACE)
    start(_controller())


def executor_permissions(service_account: str = "default") -> list[Json]:
    """Return what Argo's executor needs in a workflow's namespace, and no more."""
    group = "rbac.authorization.k8s.io"
    name = {"name": f"argo-executor-{service_account}"}
    rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    subject = {"kind": "ServiceAccount", "name": service_account}
    role = {"apiGroup": group, "kind": "Role", **name}
    return [
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": name, "rules": [rule]},
        {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": name, "roleRef": role, "subjects": [subject]},
    ]


def command(*arguments: str, kubeconfig: Path = KUBECONFIG) -> subprocess.CompletedProcess[str]:
    """Run Argo's own command: lint, submit, stop, terminate…; the caller checks the exit code."""
    words = (str(binary("argo")), "--kubeconfig", str(kubeconfig), *arguments)
    return subprocess.run(words, check=False, capture_output=True, text=True)


def _controller() -> Daemon:
    words = (
        str(binary("workflow-controller")),
        f"--kubeconfig={KUBECONFIG}",
        f"--namespace={NAMESPACE}",
        f"--executor-image={images.EXECUTOR}",
        "--executor-image-pull-policy=Never",
    )
    environment = {"LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": "1s"}
    return Daemon("argo-controller", words, answers(_HEALTH), environment)
