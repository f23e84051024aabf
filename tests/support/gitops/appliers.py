"""The tools that apply manifests, as teams run them: kubectl, Helm 3 and 4, and the controllers by their names."""

from __future__ import annotations

import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import yaml

from tests.support.api_client import ApiClient
from tests.support.kubernetes_api.kinds import Json

_PLURALS = {"Deployment": "deployments", "VirtualService": "virtualservices"}


class ApplyError(AssertionError):
    """The tool refused, in its own words."""


class Applier(ABC):
    """A tool that makes a namespace as manifests have it."""

    @abstractmethod
    def apply(self, objects: list[Json]) -> None:
        """Apply manifests.

        Raises:
            ApplyError: with what the tool said.
        """


class Kubectl(Applier):
    """`kubectl apply` with these flags."""

    def __init__(self, kubeconfig: Path, namespace: str, *flags: str) -> None:
        self._where, self._flags = ("--kubeconfig", str(kubeconfig), "--namespace", namespace), flags

    def apply(self, objects: list[Json]) -> None:
        """Pipe all of them into one call."""
        program = str(Path(sys.executable).with_name("kubectl"))
        _run([program, *self._where, "apply", *self._flags, "-f", "-"], yaml.safe_dump_all(objects))


class Helm(Applier):
    """`helm upgrade --install` of a chart with the manifests as they are.

    Args:
        program: Helm 3 or Helm 4.
        folder: for the chart, and for the program under the name `helm`, which is its field manager.
        kubeconfig: of the cluster.
        namespace: of the release.
    """

    def __init__(self, program: Path, folder: Path, kubeconfig: Path, namespace: str) -> None:
        self._program, self._chart = folder / "helm", folder / "chart"
        self._program.symlink_to(program)
        self._where = ("--kubeconfig", str(kubeconfig), "--namespace", namespace)
        (self._chart / "templates").mkdir(parents=True)
        described = {"apiVersion": "v2", "name": "shop", "version": "0.1.0"}
        (self._chart / "Chart.yaml").write_text(yaml.safe_dump(described), encoding="utf-8")

    def apply(self, objects: list[Json]) -> None:
        """Write the chart and upgrade the release; the pods are nobody's concern here."""
        text = yaml.safe_dump_all(objects)
        (self._chart / "templates" / "app.yaml").write_text(text, encoding="utf-8")
        _run([str(self._program), "upgrade", "--install", "shop", str(self._chart), *self._where], "")


class Controller(Applier):
    """Server-side apply under the name of a controller.

    Args:
        cluster: the API server.
        name: the field manager.
        force: whether conflicts are overridden, as GitOps controllers do.
    """

    def __init__(self, cluster: ApiClient, name: str, *, force: bool) -> None:
        self._cluster, self._name, self._force = cluster, name, force

    def apply(self, objects: list[Json]) -> None:
        """Send one request for each object."""
        for obj in objects:
            options = {"fieldManager": self._name, "force": str(self._force).lower()}
            plural, name = _PLURALS[obj["kind"]], obj["metadata"]["name"]
            answer = self._cluster.patch(plural, name, obj, kind="application/apply-patch+yaml", **options)
            if answer.code not in {200, 201}:
                raise ApplyError(answer.body.get("message"))


def _run(command: list[str], given: str) -> None:
    done = subprocess.run(command, input=given, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise ApplyError(f"{' '.join(command[:3])}: {done.stdout}{done.stderr}")
