"""JSON Patch: how every weight and every claim is written."""

from __future__ import annotations

import pytest

from tests.support.api_client import MERGE_PATCH, ApiClient, Json

WEIGHT = "/spec/http/0/route/1/weight"
REJECTED = "the server rejected our request due to an error in our request"


def test_a_failed_test_operation_is_422_invalid_and_changes_nothing(cluster: ApiClient, virtual_service: Json) -> None:
    """This fences every write: a run that lost the claim cannot write."""
    name = virtual_service["metadata"]["name"]
    operations = [
        {"op": "test", "path": "/spec/http/0/name", "value": "other"},
        {"op": "add", "path": WEIGHT, "value": 10},
    ]
    answer = cluster.patch("virtualservices", name, operations)
    assert (answer.code, answer.body["reason"], answer.body["message"]) == (422, "Invalid", REJECTED)
    assert cluster.get("virtualservices", name).body == virtual_service


def test_a_test_of_an_absent_annotation_is_422(cluster: ApiClient, virtual_service: Json) -> None:
    """A claim that was removed by hand fences like one that was taken over."""
    operations = [{"op": "test", "path": "/metadata/annotations/canary-steps.io~1claim.shop", "value": "a:1:walking"}]
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations)
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")


def test_a_test_for_null_holds_where_the_member_is_absent(cluster: ApiClient, virtual_service: Json) -> None:
    """So a write can require that nobody holds a claim."""
    operations = [
        {"op": "test", "path": "/metadata/annotations", "value": None},
        {"op": "add", "path": "/metadata/annotations", "value": {"canary-steps.io/claim.shop": "a:1:prepared"}},
    ]
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations)
    assert answer.code == 200, answer.body
    again = cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations)
    assert again.code == 422


@pytest.mark.parametrize("operation", [{"op": "test", "value": None}, {"op": "add", "value": "x"}])
def test_what_has_no_parent_can_be_neither_tested_nor_added(
    cluster: ApiClient, virtual_service: Json, operation: Json
) -> None:
    """Where an object has no annotations yet, the whole map is added."""
    operations = [operation | {"path": "/metadata/annotations/canary-steps.io~1claim.shop"}]
    assert cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations).code == 422


def test_removing_what_is_absent_is_422(cluster: ApiClient, virtual_service: Json) -> None:
    """So the end of a claim cannot be written twice."""
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], [{"op": "remove", "path": WEIGHT}])
    assert (answer.code, answer.body["message"]) == (422, REJECTED)


def test_replacing_what_is_absent_adds_it(cluster: ApiClient, virtual_service: Json) -> None:
    """Unlike in RFC 6902: a replace does not prove that something was there, only a test does."""
    operations = [{"op": "replace", "path": WEIGHT, "value": 10}]
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations)
    assert (answer.code, answer.body["spec"]["http"][0]["route"][1]["weight"]) == (200, 10)


def test_add_sets_an_absent_or_present_weight(cluster: ApiClient, virtual_service: Json) -> None:
    """Add states the desired value, whatever was there."""
    name = virtual_service["metadata"]["name"]
    for weight in (10, 20):
        operations = [{"op": "add", "path": WEIGHT, "value": weight}]
        answer = cluster.patch("virtualservices", name, operations)
        assert answer.body["spec"]["http"][0]["route"][1]["weight"] == weight


def test_a_patch_of_weights_leaves_all_else_as_it_was(cluster: ApiClient, virtual_service: Json) -> None:
    """Mirrors, retries, headers and a route we do not know stay equal."""
    name = virtual_service["metadata"]["name"]
    answer = cluster.patch("virtualservices", name, [{"op": "add", "path": WEIGHT, "value": 10}])
    expected = virtual_service["spec"]
    expected["http"][0]["route"][1]["weight"] = 10
    assert answer.body["spec"] == expected


def test_a_patch_that_changes_nothing_keeps_the_resource_version(cluster: ApiClient, virtual_service: Json) -> None:
    """Repeating a step costs the mesh nothing."""
    name = virtual_service["metadata"]["name"]
    operations = [{"op": "add", "path": "/spec/http/0/route/0/weight", "value": 100}]
    answer = cluster.patch("virtualservices", name, operations)
    assert (answer.code, answer.body) == (200, virtual_service)


def test_a_weight_of_the_wrong_type_is_refused(cluster: ApiClient, virtual_service: Json) -> None:
    """The schema of the CRD is checked after a patch too."""
    operations = [{"op": "add", "path": WEIGHT, "value": "10"}]
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations)
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")
    assert "spec.http[0].route[1].weight" in answer.body["message"]


def test_a_patch_that_is_not_a_list_of_operations_is_400(cluster: ApiClient, virtual_service: Json) -> None:
    """A broken client is distinguished from a lost claim."""
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], {"op": "test"})
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")


def test_a_patch_of_an_absent_object_is_404(cluster: ApiClient, name: str) -> None:
    """A deleted VirtualService is distinguished from a lost claim."""
    answer = cluster.patch("virtualservices", name, [{"op": "add", "path": WEIGHT, "value": 1}])
    assert (answer.code, answer.body["reason"]) == (404, "NotFound")


def test_a_strategic_patch_of_a_custom_resource_is_415(cluster: ApiClient, virtual_service: Json) -> None:
    """Custom resources know only JSON patch, merge patch and apply."""
    kind = "application/strategic-merge-patch+json"
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], {"metadata": {}}, kind)
    assert (answer.code, answer.body["reason"]) == (415, "UnsupportedMediaType")


def test_a_merge_patch_removes_by_null_and_keeps_the_rest(cluster: ApiClient, virtual_service: Json) -> None:
    """RFC 7396."""
    name = virtual_service["metadata"]["name"]
    patch = {"metadata": {"labels": {"team": None, "canary-steps.io/claimed": "true"}}}
    answer = cluster.patch("virtualservices", name, patch, MERGE_PATCH)
    assert answer.body["metadata"]["labels"] == {"canary-steps.io/claimed": "true"}
    assert answer.body["spec"] == virtual_service["spec"]


def test_a_merge_patch_with_a_stale_resource_version_is_409(cluster: ApiClient, virtual_service: Json) -> None:
    """Compare-and-swap by patch."""
    name = virtual_service["metadata"]["name"]
    cluster.patch("virtualservices", name, [{"op": "add", "path": WEIGHT, "value": 10}])
    stale = {"metadata": {"resourceVersion": virtual_service["metadata"]["resourceVersion"], "labels": {"a": "b"}}}
    answer = cluster.patch("virtualservices", name, stale, MERGE_PATCH)
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")


def test_a_dry_run_validates_and_changes_nothing(cluster: ApiClient, virtual_service: Json) -> None:
    """A write can be rehearsed."""
    name = virtual_service["metadata"]["name"]
    operations = [{"op": "add", "path": WEIGHT, "value": 10}]
    answer = cluster.patch("virtualservices", name, operations, dryRun="All")
    assert answer.body["spec"]["http"][0]["route"][1]["weight"] == 10
    assert cluster.get("virtualservices", name).body == virtual_service
