"""A workflow on the cluster, submitted and watched with Argo's own command, as users do it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from tests.lab.cluster import argo
from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE

_ENDED = {"Succeeded", "Failed", "Error"}


@dataclass(frozen=True)
class Workflow:
    """One run; nodes are named as Argo's graph names them."""

    lab: ClusterLab
    name: str

    @classmethod
    def submit(cls, lab: ClusterLab, template: str, **parameters: str) -> Self:
        """Submit a WorkflowTemplate with parameters (underscores stand for hyphens)."""
        words = ["submit", "-n", lab.namespace, "--from", f"workflowtemplate/{template}", "-o", "name"]
        for name, value in parameters.items():
            words += ["-p", f"{name.replace('_', '-')}={value}"]
        return cls(lab, _argo(lab, *words).strip())

    @classmethod
    def create(cls, lab: ClusterLab, manifest: Json) -> Self:
        """Create a Workflow of a file, as `kubectl create -f` does."""
        kind = lab.api.path(manifest["apiVersion"], manifest["kind"], lab.namespace)
        return cls(lab, str(lab.api.call("POST", kind, manifest)["metadata"]["name"]))

    @classmethod
    def release(cls, lab: ClusterLab, version: str, template: str = "canary-release", **parameters: str) -> Self:
        """Release a version of `shop` in two rungs, by default with the template that uses most pods."""
        wanted = {"app": "shop", "image": f"demo/shop:{version}", "weights": "[10, 50]"}
        return cls.submit(lab, template, **{**wanted, "prometheus_url": lab.prometheus_url, **parameters})

    def wait_for_end(self, seconds: float = 240.0) -> str:
        """Wait until the exit handler is done too; return the phase."""
        self.lab.wait_for(lambda: self.phase in _ENDED, seconds, f"the end of workflow {self.name}")
        return self.phase

    def wait_for_node(self, template: str, seconds: float = 180.0) -> None:
        """Wait until a node of a leaf template runs; raise AssertionError where the workflow ends before."""

        def runs() -> bool:
            assert self.phase not in _ENDED, f"{self.name} ended {self.phase} before {template} ran: {self.ran}"
            return any(_template(node) == template and node.get("phase") == "Running" for node in self.nodes)

        self.lab.wait_for(runs, seconds, f"{template} of workflow {self.name}")

    def stop(self) -> None:
        """End it as people should: the exit handler runs."""
        _argo(self.lab, "stop", "-n", self.lab.namespace, self.name)

    def terminate(self) -> None:
        """End it as people should not: no exit handler runs."""
        _argo(self.lab, "terminate", "-n", self.lab.namespace, self.name)

    def answer(self, node: str, **outputs: str) -> None:
        """Supply the outputs of a suspended node and let it go on, as a person does in Argo's form."""
        chosen = ("-n", self.lab.namespace, self.name, "--node-field-selector", f"displayName={node}")
        for name, value in outputs.items():
            _argo(self.lab, "node", "set", *chosen, "--output-parameter", f"{name}={value}")
        _argo(self.lab, "resume", *chosen)

    @property
    def phase(self) -> str:
        """Return Pending, Running, Succeeded, Failed or Error; "" before the controller saw it."""
        return str(self._item.get("status", {}).get("phase", ""))

    @property
    def uid(self) -> str:
        """Return the run's id."""
        return str(self._item["metadata"]["uid"])

    @property
    def nodes(self) -> list[Json]:
        """Return the nodes that are pods or suspends, in order of their start."""
        found: dict[str, Json] = self._item.get("status", {}).get("nodes", {})
        leaves = (node for node in found.values() if node["type"] in {"Pod", "Suspend", "Skipped"})
        return sorted(leaves, key=lambda node: str(node.get("startedAt", "")))

    def node(self, template: str) -> Json:
        """Return the last node of a leaf template such as `promote`; raise AssertionError where there is none."""
        ran = [node for node in self.nodes if _template(node) == template and node["type"] == "Pod"]
        assert ran, f"no {template} ran; these did: {self.ran}"
        return ran[-1]

    @property
    def ran(self) -> list[str]:
        """Return the leaf templates whose pods ran, in order of their start."""
        return [_template(node) for node in self.nodes if node["type"] == "Pod"]

    def result(self, template: str, name: str) -> str:
        """Return a result of a step."""
        outputs: list[dict[str, Any]] = self.node(template).get("outputs", {}).get("parameters", [])
        return next(str(one.get("value", "")) for one in outputs if one["name"] == name)

    def results(self, template: str, name: str) -> dict[str, str]:
        """Return a result of each pod of a step, by the app it was for."""
        found = {}
        for node in self.nodes:
            if _template(node) == template and node["type"] == "Pod":
                inputs = {one["name"]: str(one.get("value", "")) for one in node["inputs"]["parameters"]}
                outputs = {one["name"]: str(one.get("value", "")) for one in node["outputs"]["parameters"]}
                found[inputs["app"]] = outputs[name]
        return found

    def exit_code(self, template: str) -> int:
        """Return the exit code of a step."""
        return int(self.node(template).get("outputs", {}).get("exitCode", "-1"))

    @property
    def _item(self) -> Json:
        # Argo's own command would cost a busy node a process at each poll.
        return self.lab.api.get("argoproj.io/v1alpha1", "Workflow", self.name, self.lab.namespace)


def weight(lab: ClusterLab, app: str = "shop") -> int:
    """Return the canary's weight in the VirtualService."""
    [route] = lab.get(VIRTUAL_SERVICE, app)["spec"]["http"]
    return int(route["route"][1].get("weight", 0))


def image(lab: ClusterLab, deployment: str = "shop") -> str:
    """Return the image in a Deployment's template."""
    return str(lab.get(DEPLOYMENT, deployment)["spec"]["template"]["spec"]["containers"][0]["image"])


def claim(lab: ClusterLab, app: str = "shop") -> str:
    """Return the token of the claim, "" where there is none."""
    annotations = lab.get(VIRTUAL_SERVICE, app)["metadata"].get("annotations", {})
    return str(annotations.get(f"canary-steps.io/claim.{app}", ""))


def record(lab: ClusterLab, app: str = "shop") -> Json:
    """Return the record of the last run on the VirtualService."""
    annotations = lab.get(VIRTUAL_SERVICE, app)["metadata"].get("annotations", {})
    found: Json = json.loads(annotations.get(f"canary-steps.io/last.{app}", "{}"))
    return found


def is_at_rest(lab: ClusterLab, app: str = "shop") -> bool:
    """Return whether all users are on stable, the canary has no pods and no run holds a claim."""
    return weight(lab, app) == 0 and claim(lab, app) == "" and not lab.pods(f"{app}-canary")


def _template(node: Json) -> str:
    return str(node.get("templateRef", {}).get("template") or node.get("templateName", ""))


def _argo(lab: ClusterLab, *words: str) -> str:
    done = argo.command(*words, kubeconfig=lab.kubeconfig)
    assert done.returncode == 0, f"argo {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout
