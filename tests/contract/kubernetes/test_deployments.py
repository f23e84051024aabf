"""What the server fills in and forbids in Deployments."""

from __future__ import annotations

import copy

from tests.support.api_client import MERGE_PATCH, ApiClient, Json


def test_the_fields_a_clone_reads_have_defaults(deployment: Json) -> None:
    """So a comparison of templates must be of what the server returned."""
    spec = deployment["spec"]
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert spec["strategy"] == rolling
    pod = spec["template"]["spec"]
    del pod["containers"]
    assert pod == {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }


def test_containers_have_defaults(deployment: Json) -> None:
    """Pull policy, termination messages, protocols and probes."""
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container == {
        "name": "app",
        "image": "example.com/shop:v1",
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": {},
        "readinessProbe": {
            "httpGet": {"path": "/", "port": 8080, "scheme": "HTTP"},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def test_a_latest_or_missing_tag_is_always_pulled(cluster: ApiClient, deployment: Json) -> None:
    """And one by digest is not."""
    policies = {}
    for number, image in enumerate(("shop", "shop:latest", "host:5000/shop", "shop@sha256:" + "0" * 64)):
        item = copy.deepcopy(deployment)
        name = f"{deployment['metadata']['name']}-{number}"
        item["metadata"] = {"name": name}
        item["spec"]["template"]["spec"]["containers"] = [{"name": "app", "image": image}]
        [made] = cluster.create("deployments", item).body["spec"]["template"]["spec"]["containers"]
        policies[image] = made["imagePullPolicy"]
    assert list(policies.values()) == ["Always", "Always", "Always", "IfNotPresent"]


def test_one_replica_is_the_default(cluster: ApiClient, deployment: Json, name: str) -> None:
    """If the field is left out; a dry run starts no pod."""
    item = copy.deepcopy(deployment)
    item["metadata"] = {"name": f"{name}-one"}
    del item["spec"]["replicas"]
    assert cluster.create("deployments", item, dryRun="All").body["spec"]["replicas"] == 1


def test_the_selector_is_immutable(cluster: ApiClient, deployment: Json) -> None:
    """Overlapping arms cannot be fixed in place."""
    labels = {"app": "other"}
    patch = {"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}}
    answer = cluster.patch("deployments", deployment["metadata"]["name"], patch, MERGE_PATCH)
    assert answer.code == 422
    assert answer.body["details"]["causes"][0]["field"] == "spec.selector"
    assert "field is immutable" in answer.body["message"]


def test_the_selector_must_match_the_template(cluster: ApiClient, deployment: Json, name: str) -> None:
    """A clone whose labels were changed in one place only is refused."""
    item = copy.deepcopy(deployment)
    item["metadata"] = {"name": f"{name}-odd"}
    item["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    answer = cluster.create("deployments", item)
    assert (answer.code, answer.body["details"]["causes"][0]["field"]) == (422, "spec.template.metadata.labels")


def test_the_scale_subresource_changes_replicas_alone(cluster: ApiClient, deployment: Json) -> None:
    """How stable and canary are sized."""
    name = deployment["metadata"]["name"]
    path = cluster.path("deployments", name) + "/scale"
    answer = cluster.call("PATCH", path, {"spec": {"replicas": 0}}, kind=MERGE_PATCH)
    assert (answer.body["kind"], answer.body["spec"].get("replicas", 0)) == ("Scale", 0)
    assert answer.body["status"]["selector"] == f"app={name}"
    assert cluster.get("deployments", name).body["spec"]["template"] == deployment["spec"]["template"]


def test_the_status_cannot_be_written_with_the_object(cluster: ApiClient, deployment: Json) -> None:
    """Only its subresource can."""
    patch = {"status": {"readyReplicas": 99}}
    answer = cluster.patch("deployments", deployment["metadata"]["name"], patch, MERGE_PATCH)
    assert answer.code == 200
    assert answer.body["status"].get("readyReplicas", 0) == 0
