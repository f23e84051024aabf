"""Charts as users have them, and Helm's two versions, on the cluster lab."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.e2e.setup import PRODUCT
from tests.lab.cluster.build import binary
from tests.lab.cluster.lab import ClusterLab
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.manifests import deployment
from tests.support.processes import ROOT

RATE = 40
LADDER = [10, 50]


@dataclass(frozen=True)
class Ended:
    """How a helm command ended.

    Args:
        code: its exit code.
        said: all that it printed.
        seconds: how long it took.
    """

    code: int
    said: str
    seconds: float

    @property
    def verdict(self) -> str:
        """The line of the step that says how the release ended, "" without one."""
        lines = self.said.replace("\\n", "\n").splitlines()  # Helm 4 prints a log as one quoted line
        return next((line for line in reversed(lines) if line.startswith("shop: ")), "")


@dataclass
class HelmApp:
    """An app with a chart of its own, released by one version of Helm.

    Args:
        lab: where.
        helm: name of the program, helm3 or helm4.
        chart: folder of the chart.
        values: that every command gets.
    """

    lab: ClusterLab
    helm: str
    chart: Path
    values: Json = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        """Return a command line of Helm for this namespace."""
        where = ("--kubeconfig", str(self.lab.kubeconfig), "--namespace", self.lab.namespace)
        return [str(binary(self.helm)), *arguments, *where]

    def run(self, *arguments: str) -> Ended:
        """Run Helm to its end."""
        began = time.monotonic()
        done = subprocess.run(
            self.command(*arguments),
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
        )
        return Ended(done.returncode, done.stdout, time.monotonic() - began)

    def upgrade(self, *flags: str, **values: str) -> Ended:
        """Install or upgrade, with values as `--set` has them (two underscores stand for a dot)."""
        return self.run(*self.upgrade_arguments(*flags, **values))

    def upgrade_arguments(self, *flags: str, **values: str) -> list[str]:
        """Return the arguments of `upgrade`."""
        file = self.lab.state / "values.yaml"
        file.write_text(yaml.safe_dump(self.values), encoding="utf-8")
        chosen = [f"--set={name.replace('__', '.')}={value}" for name, value in values.items()]
        return ["upgrade", "--install", "app", str(self.chart), "--values", str(file), *chosen, *flags]

    def weights(self, name: str = "shop") -> list[int]:
        """Return the weights of the route `primary`, stable's first."""
        routes = self.lab.get(VIRTUAL_SERVICE, name)["spec"]["http"]
        (route,) = (one["route"] for one in routes if one.get("name") == "primary")
        return [entry.get("weight", 0) for entry in route]

    def image(self, name: str) -> str:
        """Return the image of a Deployment, without the registry's part."""
        found = self.lab.get(DEPLOYMENT, name)
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition("/")[2]

    def replicas(self, name: str) -> int:
        """Return the pods that a Deployment asks for."""
        return int(self.lab.get(DEPLOYMENT, name)["spec"]["replicas"])

    def marks(self, name: str = "shop") -> set[str]:
        """Return the kinds of our annotations on the VirtualService: claim, run, last."""
        found = self.lab.get(VIRTUAL_SERVICE, name)["metadata"].get("annotations") or {}
        ours = "canary-steps.io/"
        return {key.removeprefix(ours).partition(".")[0] for key in found if key.startswith(ours)}


def copied_charts(folder: Path) -> Path:
    """Copy charts and examples as the repository has them, so that their relative paths lead on; return the folder."""
    for name in ("charts", "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.tgz", "Chart.lock"))
    return folder


def app_chart(folder: Path) -> Path:
    """Write the smallest chart of an app that takes the dependency; return its folder."""
    chart = copied_charts(folder) / "app"
    (chart / "templates").mkdir(parents=True)
    (chart / "charts").mkdir()
    shutil.copytree(folder / "charts" / "canary", chart / "charts" / "canary")
    needs = [{"name": "canary", "version": "0.1.0", "repository": "file://../charts/canary"}]
    about = {"apiVersion": "v2", "name": "app", "version": "1.0.0", "dependencies": needs}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    made = {"apiVersion": "apps/v1", "kind": "Deployment", **deployment("shop", "IMAGE", 2, {"app": "shop"})}
    made["spec"]["template"]["metadata"]["annotations"] = {"checksum/config": "CONFIG"}
    text = yaml.safe_dump(made).replace("IMAGE", "{{ .Values.image }}")
    text = text.replace("CONFIG", '"{{ .Values.config }}"')
    (chart / "templates" / "shop.yaml").write_text(text, encoding="utf-8")
    values = {"image": "demo/shop:v1", "config": 1}
    (chart / "values.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return chart


def quick(lab: ClusterLab, **more: object) -> Json:
    """Return values of the dependency for quick releases on the lab."""
    settings = {"prometheus-url": lab.prometheus_url, "drain-seconds": 1, "min-scrapes": 3}
    return {
        "image": PRODUCT,
        "ladder": LADDER,
        "interval": 5,
        "gateways": ["istio-system/public", "mesh"],
        "settings": settings,
        **more,
    }
