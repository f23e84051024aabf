"""Images are released by digest, not by tag; names may be long; replicas may belong to an autoscaler."""

from __future__ import annotations

import json

import pytest

from steps.settings.kubernetes_names import canary_name
from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.support.kubernetes_api.kinds import AUTOSCALER

pytestmark = pytest.mark.integration


def digest(app: LabApp, workload: str) -> str:
    """Return what the pods of a workload run; those that are going may still run something else."""
    staying = [pod for pod in app.lab.pods(workload) if "deletionTimestamp" not in pod["metadata"]]
    [running] = {pod["status"]["containerStatuses"][0]["imageID"] for pod in staying}
    return str(running)


def test_the_running_tag_with_another_digest_is_released(deploy: Deploy) -> None:
    """Pull policy Always pulls it again, so digests are compared: another one is a release, the same one a noop."""
    app = deploy("latest", pull_policy="Always")
    same = app.run("prepare", "--run", "one", "--image", app.image("v1"))
    assert (0, "noop") == (same.exit_code, same.results["outcome"]), same.lines
    assert ("", 0) == (app.claim(), app.deployment(app.canary)["spec"]["replicas"])
    app.push("v1", latency_ms=9)
    other = app.run("prepare", "--run", "two", "--image", app.image("v1"))
    assert (0, "ready") == (other.exit_code, other.results["outcome"]), other.lines
    assert digest(app, app.name) != digest(app, app.canary)
    assert "rolled-back" == app.run("rollback", "--run", "two").results["outcome"]


def test_a_tag_that_moves_during_a_release_is_not_promoted(deploy: Deploy) -> None:
    """Stable would run an image that was not judged: it is undone with exit 4 and the remedy."""
    app = deploy("moving", pull_policy="Always")
    before = digest(app, app.name)
    app.prepared("one")
    app.push("v2", latency_ms=9)
    ended = app.run("promote", "--run", "one", "--unjudged", "it is the image that counts here")
    assert (4, "permanent") == (ended.exit_code, ended.code), ended.lines
    assert "the tag points to another digest now" in ended.error
    assert "The promote was undone" in ended.error
    assert "release the image by digest" in ended.error
    ended = app.run("rollback", "--run", "one")
    assert (0, "rolled-back") == (ended.exit_code, ended.results["outcome"]), ended.lines
    app.lab.wait_until_rolled_out(app.name)
    assert (app.image("v1"), before) == (app.running_image(), digest(app, app.name))


def test_a_name_of_sixty_characters_is_released(deploy: Deploy) -> None:
    """Annotation keys, canary and Service may have 63 characters: they are cut, and a hash keeps them unique."""
    name = "checkout-service-with-a-name-as-long-as-kubernetes-likes-it0"
    assert 60 == len(name)
    app = deploy(name, canary=canary_name(name))
    app.prepared("one")
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "20").exit_code
    assert (80, 20) == app.weights()
    keys = app.virtual_service()["metadata"]["annotations"]
    assert [] == [key for key in keys if len(key.partition("/")[2]) > 63]
    assert "promoted" == app.run("promote", "--run", "one", "--unjudged", "nobody uses it").results["outcome"]
    assert ((100, 0), "", app.image("v2")) == (app.weights(), app.claim(), app.running_image())


def test_replicas_that_an_autoscaler_owns_are_left_to_it(deploy: Deploy) -> None:
    """Except the first pod, since an autoscaler ignores 0 replicas; missing pods are reported with name and number."""
    app = deploy("scaled", replicas=3)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": app.canary}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5}
    app.lab.api.store.create(AUTOSCALER, "demo", {"metadata": {"name": "scaled-canary"}, "spec": spec})
    app.prepared("one")
    before = app.deployment(app.canary)["spec"]["replicas"]
    ended = app.run("set-weight", "--run", "one", "--weight", "50", "--ready-timeout-seconds", "1")
    assert (3, "temporary") == (ended.exit_code, ended.code), ended.lines
    assert "HorizontalPodAutoscaler demo/scaled-canary owns its replicas" in ended.error
    assert "set its spec.minReplicas to at least 2 for weight 50" in ended.error
    assert (100, 0) == app.weights()
    ended = app.run("rollback", "--run", "one")
    assert (0, "rolled-back") == (ended.exit_code, ended.results["outcome"])
    assert before == app.deployment(app.canary)["spec"]["replicas"]
    written = [json.loads(call.body) for call in app.writes() if call.verb == "patch"]
    assert [1] == [entry["value"] for patch in written for entry in patch if entry["path"] == "/spec/replicas"]
