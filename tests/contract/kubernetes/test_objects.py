"""Creating, replacing, reading, listing and deleting objects."""

from __future__ import annotations

import pytest

from tests.support.api_client import ApiClient, Json


def test_creating_a_name_twice_is_already_exists(cluster: ApiClient, deployment: Json) -> None:
    """So two runs that create the same canary are distinguished from a conflict."""
    again = {key: deployment[key] for key in ("apiVersion", "kind", "spec")}
    answer = cluster.create("deployments", again | {"metadata": {"name": deployment["metadata"]["name"]}})
    assert (answer.code, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == f'deployments.apps "{deployment["metadata"]["name"]}" already exists'


def test_replacing_a_stale_object_is_a_conflict(cluster: ApiClient, virtual_service: Json) -> None:
    """An update based on an old read is refused."""
    fresh = {**virtual_service, "spec": {**virtual_service["spec"], "hosts": ["other"]}}
    assert cluster.put("virtualservices", fresh).code == 200
    answer = cluster.put("virtualservices", fresh)
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")


def test_replacing_a_custom_resource_needs_a_resource_version(cluster: ApiClient, virtual_service: Json) -> None:
    """Custom resources allow no unconditional update."""
    blind = {**virtual_service, "metadata": {"name": virtual_service["metadata"]["name"]}}
    answer = cluster.put("virtualservices", blind)
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")


def test_an_absent_object_is_not_found_by_name(cluster: ApiClient, name: str) -> None:
    """The answer names the object."""
    answer = cluster.get("virtualservices", name)
    assert (answer.code, answer.body["reason"]) == (404, "NotFound")
    assert answer.body["message"] == f'virtualservices.networking.istio.io "{name}" not found'
    assert answer.body["details"] == {"name": name, "group": "networking.istio.io", "kind": "virtualservices"}


def test_an_object_in_an_absent_namespace_cannot_be_created(cluster: ApiClient, name: str) -> None:
    """The namespace is what is not found."""
    path = "api/v1/namespaces/no-such-namespace/configmaps"
    answer = cluster.call("POST", path, {"metadata": {"name": name}})
    assert (answer.code, answer.body["message"]) == (404, 'namespaces "no-such-namespace" not found')


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("track=canary", ["b"]),
        ("track==canary", ["b"]),
        ("track!=canary", ["a", "c"]),
        ("track", ["a", "b"]),
        ("!track", ["c"]),
        ("track in (stable,canary)", ["a", "b"]),
        ("track notin (stable)", ["b", "c"]),
        ("app=shop,track in (stable, other)", ["a"]),
    ],
)
def test_lists_are_narrowed_by_label_selectors(
    cluster: ApiClient, name: str, selector: str, expected: list[str]
) -> None:
    """Equality, sets and existence; absent labels count as not equal."""
    for suffix, labels in (("a", {"track": "stable"}), ("b", {"track": "canary"}), ("c", {})):
        labelled = {"name": f"{name}-{suffix}", "labels": {"app": "shop", "test": name, **labels}}
        cluster.create("configmaps", {"metadata": labelled})
    found = cluster.get("configmaps", labelSelector=f"test={name},{selector}").body["items"]
    assert [item["metadata"]["name"] for item in found] == [f"{name}-{suffix}" for suffix in expected]


def test_lists_are_narrowed_by_field_selectors(cluster: ApiClient, virtual_service: Json) -> None:
    """By name, which RBAC with named resources needs for a list."""
    name = virtual_service["metadata"]["name"]
    found = cluster.get("virtualservices", fieldSelector=f"metadata.name={name}").body
    assert [item["metadata"]["uid"] for item in found["items"]] == [virtual_service["metadata"]["uid"]]
    assert int(found["metadata"]["resourceVersion"]) >= int(virtual_service["metadata"]["resourceVersion"])


def test_lists_reach_over_all_namespaces(cluster: ApiClient, virtual_service: Json) -> None:
    """How sweep finds claims."""
    found = cluster.call("GET", "apis/networking.istio.io/v1/virtualservices", labelSelector="team=checkout").body
    assert virtual_service["metadata"]["uid"] in [item["metadata"]["uid"] for item in found["items"]]


def test_both_versions_of_istio_show_the_same_object(cluster: ApiClient, virtual_service: Json) -> None:
    """Meshes before 1.22 serve v1beta1 only."""
    path = cluster.path("virtualservices", virtual_service["metadata"]["name"]).replace("/v1/", "/v1beta1/")
    answer = cluster.call("GET", path)
    assert answer.body["apiVersion"] == "networking.istio.io/v1beta1"
    assert answer.body["spec"] == virtual_service["spec"]


def test_deleting_with_a_foreign_uid_is_a_conflict(cluster: ApiClient, deployment: Json) -> None:
    """A canary that was created again is not deleted by mistake."""
    name = deployment["metadata"]["name"]
    foreign = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    answer = cluster.delete("deployments", name, foreign)
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert cluster.delete("deployments", name, {"preconditions": {"uid": deployment["metadata"]["uid"]}}).code == 200


def test_a_deleted_object_is_gone(cluster: ApiClient, virtual_service: Json) -> None:
    """Deleting it again is 404."""
    name = virtual_service["metadata"]["name"]
    assert cluster.delete("virtualservices", name).code == 200
    assert cluster.get("virtualservices", name).code == 404
    assert cluster.delete("virtualservices", name).code == 404


def test_an_event_must_be_about_its_own_namespace(cluster: ApiClient, name: str) -> None:
    """Events go where their object lives."""
    event = {"metadata": {"name": name}, "type": "Normal", "reason": "Shifted", "message": "10 %"}
    about = {"kind": "VirtualService", "name": name, "namespace": cluster.namespace}
    elsewhere = cluster.create("events", event | {"involvedObject": about | {"namespace": "default"}})
    assert elsewhere.code == 422
    assert cluster.create("events", event | {"involvedObject": about}).code == 201
    found = cluster.get("events", fieldSelector=f"involvedObject.name={name}").body["items"]
    assert [item["reason"] for item in found] == ["Shifted"]
