"""Releases on the cluster lab by Tekton: start one, look at it, end it as people do."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import requests

from tests.e2e.setup import configure
from tests.e2e.tekton import installation
from tests.lab.cluster.api import ApiError, Json
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE

TEKTON = "tekton.dev/v1"
STABLE, GOOD, BAD = "demo/shop:v1", "demo/shop:v2", "demo/shop:errors"
_MERGE = "application/merge-patch+json"
_numbers = count(1)


@dataclass(frozen=True)
class Release:
    """One PipelineRun."""

    lab: ClusterLab
    app: str
    name: str

    @property
    def status(self) -> Json:
        """Its status."""
        found: Json = self.lab.api.get(TEKTON, "PipelineRun", self.name, self.lab.namespace).get("status", {})
        return found

    @property
    def uid(self) -> str:
        """Its uid, which is the id of the run."""
        found = self.lab.api.get(TEKTON, "PipelineRun", self.name, self.lab.namespace)
        return str(found["metadata"]["uid"])

    @property
    def condition(self) -> Json:
        """Its condition: `status` is Unknown while it runs, then True or False."""
        return next(iter(self.status.get("conditions", [])), {"status": "Unknown", "reason": ""})

    @property
    def results(self) -> dict[str, str]:
        """Its results."""
        return {one["name"]: one["value"] for one in self.status.get("results", [])}

    @property
    def tasks(self) -> dict[str, Json]:
        """Its TaskRuns by the name of their task."""
        found = self.lab.api.items(
            TEKTON, "TaskRun", self.lab.namespace, labelSelector=f"tekton.dev/pipelineRun={self.name}"
        )
        return {one["metadata"]["labels"]["tekton.dev/pipelineTask"]: one for one in found}

    def codes(self, task: str) -> list[int]:
        """Return the exit codes of a task's steps."""
        return [one["terminated"]["exitCode"] for one in self.tasks[task]["status"]["steps"]]

    def wait(self, timeout_seconds: float = 400.0) -> str:
        """Wait until it ended and return its reason."""
        self.lab.wait_for(lambda: self.condition["status"] != "Unknown", timeout_seconds, f"the end of {self.name}")
        return str(self.condition["reason"])

    def wait_for_weight(self, weight: int, timeout_seconds: float = 300.0) -> None:
        """Wait until a running analyze watches the canary at a weight."""
        task = f"analyze-{weight}"

        def is_judging() -> bool:
            assert self.condition["status"] == "Unknown", f"{self.name} ended before: {self.condition}"
            pod = self.tasks.get(task, {}).get("status", {}).get("podName", "")
            phase = self.lab.api.get("v1", "Pod", pod, self.lab.namespace)["status"]["phase"] if pod else ""
            return phase == "Running" and weights(self.lab, self.app)[1] == weight

        self.lab.wait_for(is_judging, timeout_seconds, f"{task} of {self.name}")

    def set_status(self, status: str) -> None:
        """Do what `tkn pipelinerun cancel` does, gracefully or not."""
        path = self.lab.api.path(TEKTON, "PipelineRun", self.lab.namespace)
        self.lab.api.call("PATCH", f"{path}/{self.name}", {"spec": {"status": status}}, _MERGE)

    def delete(self) -> None:
        """Delete it, and with it its TaskRuns and pods."""
        path = self.lab.api.path(TEKTON, "PipelineRun", self.lab.namespace)
        self.lab.api.call("DELETE", f"{path}/{self.name}", propagationPolicy="Background")


def deploy(lab: ClusterLab, app: str, **settings: float | str) -> None:
    """Deploy an app that runs STABLE, with a canary.yaml; `start` waits for its pods."""
    shared: dict[str, float | str] = {"drain_seconds": 1, "min_seconds": 5}
    configure(lab, app, **{"prometheus_url": lab.prometheus_url, **shared, **settings})
    lab.deploy_app(app, STABLE, wait=False)


def users(lab: ClusterLab, app: str) -> Load:
    """Start the users of an app that serves: 50 requests a second."""
    lab.wait_for(lambda: is_ready(lab, app) and is_seen(lab, app), 180, f"{app} to be ready and seen")
    return lab.load(50, app)


def start(
    lab: ClusterLab, app: str, image: str, pipeline: str = "canary-release", *,
    timeouts: Mapping[str, str] | None = None, **params: str,
) -> Release:  # fmt: skip
    """Create the shipped PipelineRun for an app and an image, once stable is ready and Prometheus knows it."""
    lab.wait_for(lambda: is_ready(lab, app) and is_seen(lab, app), 180, f"{app} to be ready and seen")
    body = installation.run(pipeline)
    given = {one["name"]: one["value"] for one in body["spec"]["params"]}
    given |= {"app": app, "image": image, **{name.replace("_", "-"): value for name, value in params.items()}}
    body["spec"]["params"] = [{"name": name, "value": value} for name, value in given.items()]
    body["metadata"] = {"name": f"{app}-{next(_numbers)}", "labels": body["metadata"]["labels"]}
    if timeouts is not None:
        body["spec"]["timeouts"] = dict(timeouts)
    made = lab.api.call("POST", lab.api.path(TEKTON, "PipelineRun", lab.namespace), body)
    return Release(lab, app, made["metadata"]["name"])


def weights(lab: ClusterLab, app: str) -> list[int]:
    """Return the weights of stable and canary."""
    [route] = lab.get(VIRTUAL_SERVICE, app)["spec"]["http"]
    return [entry.get("weight", 0) for entry in route["route"]]


def marks(lab: ClusterLab, app: str) -> dict[str, str]:
    """Return our annotations on the app's VirtualService, by the part before the app's name."""
    found = lab.get(VIRTUAL_SERVICE, app)["metadata"].get("annotations", {})
    return {
        name.removeprefix("canary-steps.io/").partition(".")[0]: value
        for name, value in found.items()
        if name.startswith("canary-steps.io/")
    }


def last(lab: ClusterLab, app: str) -> Json:
    """Return the record of the app's last release."""
    found: Json = json.loads(marks(lab, app).get("last", "{}"))
    return found


def state(lab: ClusterLab, app: str) -> list[object]:
    """Return what changes whenever somebody writes to the app: its routes and the specs of both arms."""
    arms = [lab.get(DEPLOYMENT, name)["metadata"]["generation"] for name in (app, f"{app}-canary")]
    return [lab.get(VIRTUAL_SERVICE, app)["metadata"]["resourceVersion"], *arms]


def is_ready(lab: ClusterLab, app: str) -> bool:
    """Return whether all pods of stable are ready."""
    found = lab.get(DEPLOYMENT, app)
    return bool(found["spec"]["replicas"] == found.get("status", {}).get("availableReplicas"))


def is_seen(lab: ClusterLab, app: str) -> bool:
    """Send a request through the gateway; return whether Prometheus has counted any, since prepare needs one."""
    if not requests.get(lab.gateway_url, headers={"Host": lab.host(app)}, timeout=5).ok:
        return False
    arm = f'destination_workload="{app}",destination_workload_namespace="{lab.namespace}"'
    return bool(lab.query(f"istio_requests_total{{{arm}}}"))


def served_image(lab: ClusterLab, app: str) -> str:
    """Return the image of stable's template."""
    return str(lab.get(DEPLOYMENT, app)["spec"]["template"]["spec"]["containers"][0]["image"])


def assert_users_on_stable(lab: ClusterLab, app: str, image: str = STABLE) -> None:
    """Check that all weight is on stable, which is ready, runs the image and answers; no claim, no canary is left."""
    assert [100, 0] == weights(lab, app)
    assert set() == {"claim", "run"} & set(marks(lab, app))
    lab.wait_for(lambda: is_ready(lab, app), 60, f"{app} to be ready")
    assert image == served_image(lab, app)
    assert 0 == lab.get(DEPLOYMENT, f"{app}-canary")["spec"]["replicas"]
    assert requests.get(lab.gateway_url, headers={"Host": lab.host(app)}, timeout=5).ok


def wait_until_expired(lab: ClusterLab, app: str) -> None:
    """Wait until the claim on an app has expired."""

    def is_expired() -> bool:
        return bool(json.loads(marks(lab, app)["run"])["expires"] < time.time())

    lab.wait_for(is_expired, 240, f"the end of the claim on {app}")


def sweep(lab: ClusterLab) -> None:
    """Run the shipped CronJob's Job once, to its end."""
    job = lab.api.get("batch/v1", "CronJob", "canary-sweep", lab.namespace)["spec"]["jobTemplate"]["spec"]
    name = f"sweep-{next(_numbers)}"
    path = lab.api.path("batch/v1", "Job", lab.namespace)
    lab.api.call("POST", path, {"metadata": {"name": name}, "spec": job})

    def has_ended() -> bool:
        status = lab.api.get("batch/v1", "Job", name, lab.namespace).get("status", {})
        return bool(status.get("succeeded") or status.get("failed"))

    lab.wait_for(has_ended, 240, f"the end of Job {name}")
    assert lab.api.get("batch/v1", "Job", name, lab.namespace)["status"].get("succeeded"), name


def run_task(
    lab: ClusterLab, name: str, account: str, task: str | Json, params: Mapping[str, str] | None = None
) -> Json:
    """Create a TaskRun of a shipped Task or of another spec, wait until it ended, and return its status."""
    given = [{"name": key, "value": value} for key, value in {**(params or {}), **product(lab)}.items()]
    what: Json = {"taskRef": {"name": task}, "params": given} if isinstance(task, str) else task
    spec = {"serviceAccountName": f"canary-steps-{account}", **what}
    body = {"apiVersion": TEKTON, "kind": "TaskRun", "metadata": {"name": name}, "spec": spec}
    lab.api.call("POST", lab.api.path(TEKTON, "TaskRun", lab.namespace), body)

    def status() -> Json:
        found: Json = lab.api.get(TEKTON, "TaskRun", name, lab.namespace).get("status", {})
        return found

    lab.wait_for(lambda: (status().get("conditions") or [{}])[0].get("status") in {"True", "False"}, 240, name)
    return status()


def product(lab: ClusterLab) -> dict[str, str]:
    """Return the parameter that names the lab's image, as the fixture put it into every Task."""
    task = lab.api.get(TEKTON, "Task", "canary-report", lab.namespace)
    return {one["name"]: one["default"] for one in task["spec"]["params"] if one["name"] == "steps-image"}


def refused(lab: ClusterLab, body: Json) -> str:
    """Return why the webhook refuses an object, "" if it accepts it; nothing is stored."""
    path = lab.api.path(body["apiVersion"], body["kind"], lab.namespace)
    try:
        lab.api.call("POST", path, body, dryRun="All")
    except ApiError as error:
        return str(error)
    return ""
