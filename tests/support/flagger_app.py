"""An app in a fake cluster that is moved from Flagger: a Deployment, its manifest, init, and a release in process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from steps import init, rollout
from steps.__main__ import STEPS, find
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.manifests.flagger_manifest import FlaggerManifest
from steps.manifests.manifest import as_yaml
from steps.settings.base import StepSettings
from steps.settings.conventions import release_names
from steps.settings.flagger_manifest import read_manifest
from steps.settings.loading import load
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload
from tests.support.documents import yaml_objects
from tests.support.fixed_evidence import FixedEvidence
from tests.support.shape_cluster import FIELD, ShapeCluster

Json = dict[str, Any]


class FlaggerApp:
    """An app whose team has a Canary and a Deployment.

    Args:
        folder: for the files.
        documents: of the manifest; its namespace becomes the cluster's.
        live: further objects of the cluster.
    """

    def __init__(self, folder: Path, documents: Sequence[Json], live: Sequence[Json] = ()) -> None:
        self.file = folder / "flagger.yaml"
        moved = yaml.safe_dump_all(documents).replace("namespace: shop\n", f"namespace: {FIELD}\n")
        self.file.write_text(moved.replace("namespace: demo\n", f"namespace: {FIELD}\n"), encoding="utf-8")
        found = read_manifest(str(self.file), "")
        assert found is not None
        assert found.service is not None, found.refused
        self.app = str(found.settings["app"])
        self.manifest = FlaggerManifest(found, found.service)
        self.cluster = ShapeCluster(folder, deployment(self.app), *live)

    def settings(self, step: str, *flags: str) -> StepSettings:
        """Return the settings of a step that is given the manifest."""
        known = frozenset(field for name in STEPS for field in find(name).settings.model_fields)
        return load(find(step).settings, [*flags, "--config", str(self.file)], lambda: known, step)

    def init(self, *flags: str) -> str:
        """Return what `init --from` prints."""
        settings = self.settings("init", "--no-rbac", *flags)
        assert isinstance(settings, init.Settings)
        return as_yaml(init.run(settings, self.cluster.cluster, FIELD, self.manifest))

    def printed(self) -> dict[str, Json]:
        """Run init until it prints nothing more, apply all of it, and return the objects by `Kind name`."""
        found: dict[str, Json] = {}
        for _ in range(2):
            text = self.init()
            self.cluster.apply(text)
            found |= {f"{one['kind']} {one['metadata']['name']}": one for one in yaml_objects(text)}
        return found

    def rollout(self, bad_ratio: float = 0.0, *flags: str) -> StepEnd:
        """Release version 2 with the manifest as configuration; `bad_ratio` of the canary's requests fail."""
        given = (
            "--image",
            "registry.example/team/app:2",
            "--min-seconds",
            "0",
            "--timeout-seconds",
            "5",
            "--run",
            "one",
            *flags,
        )
        settings = self.settings("rollout", *given)
        assert isinstance(settings, rollout.Settings)
        settings = settings.model_copy(update={"latency_slo": ""})  # the fixed evidence has no latencies
        self.cluster.world.push("registry.example/team/app:2", "2" * 64)
        traffic = Traffic(self.cluster.cluster, Claims(self.cluster.cluster, 2.0))
        key = f"canary-steps.io/claim.{self.app}"
        workload = Workload(self.cluster.cluster, key, poll_seconds=0.001, fault_grace_seconds=0.0)
        parts = self.cluster.cluster, traffic, workload, FixedEvidence(bad_ratio)
        return rollout.run(settings, release_names(settings, FIELD), *parts, TeardownPolicy(5.0, 0.0, lambda _: None))


def deployment(name: str, image: str = "registry.example/team/app:1", replicas: int = 2) -> Json:
    """Return a Deployment as teams write it for Flagger, with two ports."""
    ports = [{"name": "web", "containerPort": 8080}, {"name": "metrics", "containerPort": 9102}]
    probe = {"httpGet": {"path": "/healthz", "port": 8080}}
    containers = [{"name": "app", "image": image, "ports": ports, "readinessProbe": probe}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": FIELD}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
