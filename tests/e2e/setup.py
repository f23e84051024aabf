"""Sets up a release: images, the app's settings, users and their past requests."""

from __future__ import annotations

import os
from pathlib import Path

from tests.e2e.kubectl import kubectl, kustomize
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support.processes import ROOT

SHIPPED = "ghcr.io/canary-steps/canary-steps:0.1.0"
"""The image that the shipped YAML names; here it is built from this checkout."""

PRODUCT = os.environ.get("CANARY_TEST_PRODUCT", SHIPPED)
"""The name it is published by: another one if the cluster pulls from a registry, or if checkouts share a node."""

VERSIONS: dict[str, dict[str, float | bool]] = {
    "v1": {},
    "v2": {},
    "v3": {},
    "errors": {"error_ratio": 1.0},
    "some-errors": {"error_ratio": 0.05},
    "slow": {"slow_ratio": 0.3, "slow_ms": 2000},
    "empty": {"empty_ratio": 1.0},
    "not-found": {"error_ratio": 1.0, "error_status": 404},
    "never-ready": {"start_delay_seconds": 3600},
}
"""Tag of the demo app → how it misbehaves."""


def publish(lab: ClusterLab) -> None:
    """Publish the product and the versions of the demo app."""
    lab.registry.push_product(PRODUCT)
    for tag, knobs in VERSIONS.items():
        lab.registry.push(f"demo/shop:{tag}", version=tag, **knobs)


def deploy_shop(lab: ClusterLab) -> None:
    """Apply the shipped YAML, and deploy an app whose rungs last at least 8 s."""
    install(lab, ROOT / "workflows" / "base")
    configure(lab)
    lab.deploy_app()


def install(lab: ClusterLab, path: Path) -> None:
    """Apply a kustomization, or a file, as a user does it."""
    manifests = kustomize(path) if path.is_dir() else path.read_text(encoding="utf-8")
    kubectl(lab, "apply", "-f", "-", given=manifests.replace(SHIPPED, PRODUCT))


def compose(folder: Path, *components: str) -> Path:
    """Write a kustomization of the base with some components, and return its folder."""
    root = os.path.relpath(ROOT / "workflows", folder.resolve())
    text = f"resources:\n- {root}/base\ncomponents:\n" + "".join(f"- {root}/components/{one}\n" for one in components)
    (folder / "kustomization.yaml").write_text(text, encoding="utf-8")
    return folder


def configure(lab: ClusterLab, app: str = "shop", **settings: float | str) -> None:
    """Write the ConfigMap in which the workflows look for an app's canary.yaml (underscores stand for hyphens)."""
    chosen = {"min_seconds": 8, **settings}
    text = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in chosen.items())
    metadata = {"name": f"canary-steps-{app}"}
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"canary.yaml": text}}
    lab.api.apply([item], lab.namespace)


def users_of(lab: ClusterLab, app: str = "shop", rate: float = 50, url: str = "") -> Load:
    """Start users of an app and wait until Prometheus (at `url`, else the lab's) has seen ten seconds of them.

    The bounds of latency and size are chosen from these.
    """
    load = lab.load(rate, app)
    arm = f'destination_workload="{app}",destination_workload_namespace="{lab.namespace}"'
    seen = f"sum(istio_requests_total{{{arm}}})"

    def has_past() -> bool:
        return any(float(one["value"][1]) > 10 * rate for one in lab.query(seen, url))

    lab.wait_for(has_past, 60, f"a past of {app}")
    return load
