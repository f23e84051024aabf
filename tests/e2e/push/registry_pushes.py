"""Pushes to the lab's registry, and the runs that they start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.tekton.releases import TEKTON, Release
from tests.lab.cluster import engine, images
from tests.lab.cluster.api import Json, documents
from tests.lab.cluster.lab import ClusterLab
from tests.support.triggers.listener import SHIPPED
from tests.support.triggers.messages import TOKEN

_RBAC = "rbac.authorization.k8s.io"


def objects(namespace: str, **run: Any) -> Iterator[Json]:
    """Return what docs/push.md tells users to apply, except listeners and apps.

    Args:
        namespace: of the account to which an administrator grants permissions.
        run: fields of the started run that differ in the lab.
    """
    for one in documents(*sorted(SHIPPED.glob("*.yaml"))):
        if one["kind"] == "Kustomization":
            continue
        if one["kind"] == "TriggerTemplate":
            one["spec"]["resourcetemplates"][0]["spec"] |= run
            # The lab's registry is on the node's loopback device.
            here = {"pipelineTaskName": "resolve", "podTemplate": {"hostNetwork": True}}
            one["spec"]["resourcetemplates"][0]["spec"]["taskRunSpecs"].append(here)
        yield one
    account = {"kind": "ServiceAccount", "name": "canary-push", "namespace": namespace}
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "canary-push"}
    binding = {"kind": "ClusterRoleBinding", "metadata": {"name": f"canary-push-{namespace}"}}
    yield {"apiVersion": f"{_RBAC}/v1", **binding, "roleRef": role, "subjects": [account]}
    yield secret_of("shop")


def secret_of(app: str) -> Json:
    """Return the Secret with an app's token; the lab's registry has one endpoint, so all apps have the same token."""
    name = {"name": f"canary-push-{app}"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": name, "stringData": {"token": TOKEN}}


def remove_cluster_objects(lab: ClusterLab, namespace: str) -> None:
    """Remove the ClusterRoleBinding, which is not in the namespace."""
    lab.api.delete(f"{_RBAC}/v1", "ClusterRoleBinding", f"canary-push-{namespace}")


def listener_of(name: str) -> Json:
    """Return a shipped EventListener."""
    [found] = documents(SHIPPED / "listener" / f"{name}.yaml")
    return found


def trigger_of(app: str, repository: str, **bindings: str) -> Json:
    """Return the shipped Trigger for another app, whose image is pulled from `repository`."""
    [found] = documents(SHIPPED / "app" / "shop.yaml")
    text = json.dumps(found).replace("registry.example/team/shop", repository).replace("team/shop'", f"team/{app}'")
    text = text.replace("canary-push-shop", f"canary-push-{app}")
    made: Json = json.loads(text)
    made["metadata"]["name"] = app
    given = {"app": app, **bindings}
    kept = [one for one in made["spec"]["bindings"] if one.get("name") not in given]
    made["spec"]["bindings"] = [*kept, *({"name": name, "value": value} for name, value in given.items())]
    return made


@dataclass(frozen=True)
class PushedApp:
    """The registry, and the apps released from it."""

    lab: ClusterLab
    host: str

    def image(self, app: str, tag: str) -> str:
        """Return a reference in the registry."""
        return f"{self.host}/team/{app}:{tag}"

    def push(self, app: str, tag: str, **knobs: float) -> str:
        """Build a version of the demo app and push it with `docker push`; return its digest."""
        reference = images.version_of_app(self.image(app, tag), {"VERSION": tag, "KNOBS": json.dumps(knobs)})
        said = engine.docker("push", reference).decode()
        return f"sha256:{said.partition('sha256:')[2][:64]}"

    def deploy(self, app: str, **settings: object) -> None:
        """Deploy an app that runs v1.0.0 from the registry, and the Trigger that releases it."""
        self.push(app, "v1.0.0")
        canary_yaml = {
            "prometheus-url": self.lab.prometheus_url,
            "registry-plain-http": True,
            "drain-seconds": 1,
            **settings,
        }
        config = {"metadata": {"name": f"canary-steps-{app}"}, "data": {"canary.yaml": json.dumps(canary_yaml)}}
        self.lab.api.apply([{"apiVersion": "v1", "kind": "ConfigMap", **config}], self.lab.namespace)
        self.lab.deploy_app(app, self.image(app, "v1.0.0"), replicas=1)
        trigger = trigger_of(app, f"{self.host}/team/{app}", ladder="30")
        self.lab.api.apply([secret_of(app), trigger], self.lab.namespace)

    def runs(self, app: str) -> list[Json]:
        """Return the runs of an app, the oldest first."""
        found = self.lab.api.items(
            TEKTON, "PipelineRun", self.lab.namespace, labelSelector=f"canary-steps.io/app={app}"
        )
        return sorted(found, key=lambda run: (run["metadata"]["creationTimestamp"], run["metadata"]["name"]))

    def next_run(self, app: str, known: list[Json]) -> Release:
        """Return the one run of an app that is not among those known."""
        names = {run["metadata"]["name"] for run in known}

        def new() -> list[str]:
            return [name for run in self.runs(app) if (name := run["metadata"]["name"]) not in names]

        self.lab.wait_for(new, 30, f"a run of {app}")
        [name] = new()
        return Release(self.lab, app, name)
