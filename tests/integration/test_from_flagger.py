"""An app that Flagger has released is moved, as docs/from-flagger.md says, and released, with users on it all the time.

Flagger is gone by then: its Canary was deleted and left its objects. What Kubernetes' garbage collector makes of their
owner references is tested on the cluster lab (tests/e2e/flagger).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Load
from tests.support.flagger_manifests import canary
from tests.support.flagger_objects import left_by_flagger
from tests.support.kubernetes_api.kinds import DEPLOYMENT, KINDS, VIRTUAL_SERVICE
from tests.support.step_run import RunningStep, StepFiles, StepResult

pytestmark = pytest.mark.integration
Json = dict[str, Any]

APP = "moved"
KIND_OF = {kind.kind: kind for kind in KINDS}


class MovedApp:
    """An app as Flagger leaves it, in the lab.

    Args:
        lab: that it runs in.
        folder: for its manifest and the logs of steps.
    """

    def __init__(self, lab: EmbeddedLab, folder: Path) -> None:
        self.lab, self._folder = lab, folder
        self.manifest = folder / "canary.yaml"
        made = canary({"interval": "2s", "stepWeights": [50], "metrics": _METRICS},
                      targetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": APP},
                      metricsServer=lab.prometheus_url, provider="istio")  # fmt: skip
        made["metadata"] |= {"name": APP, "namespace": lab.namespace}
        self.manifest.write_text(yaml.safe_dump(made), encoding="utf-8")
        for item in left_by_flagger(APP, lab.namespace, self.push("v1")):
            lab.api.store.create(KIND_OF[item["kind"]], lab.namespace, item, manager="flagger")
        lab.wait_until_rolled_out(f"{APP}-primary")
        self.users: Load = lab.load(40, APP)
        self.users.wait_for(lambda view: len(view.records) > 40)

    def push(self, tag: str, *, error_ratio: float = 0.0) -> str:
        """Publish a version; return its reference."""
        self.lab.registry.push(f"demo/{APP}:{tag}", error_ratio=error_ratio)
        return f"demo/{APP}:{tag}"

    def run(self, step: str, *flags: str) -> StepResult:
        """Run a step that is given the manifest."""
        env = {"CANARY_KUBECONFIG": str(self.lab.kubeconfig), "CANARY_LOG_FORMAT": "json", "CANARY_DRAIN_SECONDS": "1"}
        files = StepFiles(step, self._folder / f"{step}-{'-'.join(flags)[-30:].replace('/', '-')}")
        return RunningStep(step, flags, env, files).wait(120)

    def image(self, deployment: str) -> str:
        """Return the image that a Deployment runs."""
        found = self.lab.api.store.get(DEPLOYMENT, self.lab.namespace, deployment)
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


_METRICS = [
    {"name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m"},
    {"name": "request-duration", "thresholdRange": {"max": 2500}, "interval": "1m"},
]


@pytest.fixture
def app(shared_lab: EmbeddedLab, tmp_path: Path) -> Iterator[MovedApp]:
    """Return the app with its users."""
    made = MovedApp(shared_lab, tmp_path)
    yield made
    made.users.stop()
    for item in left_by_flagger(APP, shared_lab.namespace, ""):
        shared_lab.api.store.delete(KIND_OF[item["kind"]], shared_lab.namespace, item["metadata"]["name"])


def test_no_request_fails_in_the_move_and_in_the_first_releases(app: MovedApp) -> None:
    """A good version is promoted, one that fails is rolled back, and its users are on the last good one."""
    before = app.lab.api.store.get(VIRTUAL_SERVICE, app.lab.namespace, APP)["spec"]
    printed = app.run("init", "--from", str(app.manifest), "--no-rbac")
    assert ["ConfigMap"] == [one["kind"] for one in yaml.safe_load_all(printed.out) if one], printed.out
    assert before == app.lab.api.store.get(VIRTUAL_SERVICE, app.lab.namespace, APP)["spec"]
    good = app.run("rollout", "--config", str(app.manifest), "--image", app.push("v2"))
    assert (0, "promoted") == (good.exit_code, good.results["outcome"]), good.lines[-3:]
    assert [50] == [line["weight"] for line in good.events("weight.set") if line["weight"]]
    assert f"demo/{APP}:v2" == app.image(f"{APP}-primary")
    assert 0 == app.lab.api.store.get(DEPLOYMENT, app.lab.namespace, APP)["spec"]["replicas"]
    assert 0 == app.users.view().failed(), app.users.view().per_second()
    bad = app.run("rollout", "--config", str(app.manifest), "--image", app.push("bad", error_ratio=1.0))
    assert (5, "rolled-back") == (bad.exit_code, bad.results["outcome"]), bad.lines[-3:]
    assert f"demo/{APP}:v2" == app.image(f"{APP}-primary")
    assert {(200, "v2")} == {(one.status, one.version) for one in app.users.view().records[-5:]}
