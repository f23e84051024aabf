"""Generations, managers and the limits of names and annotations."""

from __future__ import annotations

import pytest

from tests.support.api_client import MERGE_PATCH, ApiClient, Json

KEY = "canary-steps.io~1run.shop"
WEIGHT = "/spec/http/0/route/1/weight"


def _annotate(value: str, key: str = KEY) -> list[Json]:
    return [{"op": "add", "path": "/metadata/annotations", "value": {key.replace("~1", "/"): value}}]


def _owners_of_routes(item: Json) -> list[str]:
    entries = item["metadata"]["managedFields"]
    return [entry["manager"] for entry in entries if "f:http" in entry["fieldsV1"].get("f:spec", {})]


def test_annotations_of_a_virtual_service_raise_no_generation(cluster: ApiClient, virtual_service: Json) -> None:
    """Renewing a claim causes no push to the proxies."""
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], _annotate("{}"))
    assert answer.body["metadata"]["generation"] == virtual_service["metadata"]["generation"]
    assert answer.body["metadata"]["resourceVersion"] != virtual_service["metadata"]["resourceVersion"]


def test_weights_raise_the_generation(cluster: ApiClient, virtual_service: Json) -> None:
    """A change of the spec does."""
    operations = [{"op": "add", "path": WEIGHT, "value": 10}]
    answer = cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations)
    assert answer.body["metadata"]["generation"] == virtual_service["metadata"]["generation"] + 1


def test_annotations_of_a_deployment_raise_its_generation(cluster: ApiClient, deployment: Json) -> None:
    """They are copied to its ReplicaSets, so a claim's token makes the controller reconcile."""
    patch = {"metadata": {"annotations": {"canary-steps.io/claim.shop": "a:1:prepared"}}}
    answer = cluster.patch("deployments", deployment["metadata"]["name"], patch, MERGE_PATCH)
    assert answer.body["metadata"]["generation"] == deployment["metadata"]["generation"] + 1


def test_labels_of_a_deployment_raise_no_generation(cluster: ApiClient, deployment: Json) -> None:
    """Labels are not copied."""
    patch = {"metadata": {"labels": {"team": "checkout"}}}
    answer = cluster.patch("deployments", deployment["metadata"]["name"], patch, MERGE_PATCH)
    assert answer.body["metadata"]["generation"] == deployment["metadata"]["generation"]


def test_the_last_writer_of_weights_owns_the_routes(cluster: ApiClient, virtual_service: Json) -> None:
    """Lists of a custom resource are atomic: a foreign write can be blamed on its manager."""
    name = virtual_service["metadata"]["name"]
    assert _owners_of_routes(virtual_service) == ["contract"]
    operations = [{"op": "add", "path": WEIGHT, "value": 10}]
    answer = cluster.patch("virtualservices", name, operations, fieldManager="somebody-else")
    assert _owners_of_routes(answer.body) == ["somebody-else"]


def test_annotating_takes_no_routes_from_their_owner(cluster: ApiClient, virtual_service: Json) -> None:
    """A claim alone leaves the team's ownership of the routes."""
    name = virtual_service["metadata"]["name"]
    answer = cluster.patch("virtualservices", name, _annotate("{}"), fieldManager="canary-steps")
    assert _owners_of_routes(answer.body) == ["contract"]
    ours = next(e for e in answer.body["metadata"]["managedFields"] if e["manager"] == "canary-steps")
    assert "f:canary-steps.io/run.shop" in ours["fieldsV1"]["f:metadata"]["f:annotations"]
    assert (ours["operation"], ours["fieldsType"]) == ("Update", "FieldsV1")


def test_without_a_field_manager_the_user_agent_names_it(cluster: ApiClient, virtual_service: Json) -> None:
    """Up to its first slash."""
    assert [entry["manager"] for entry in virtual_service["metadata"]["managedFields"]] == ["contract"]


@pytest.mark.parametrize(("length", "code"), [(63, 200), (64, 422)])
def test_the_name_part_of_an_annotation_has_63_bytes(
    cluster: ApiClient, virtual_service: Json, length: int, code: int
) -> None:
    """Long app names are cut and hashed to fit."""
    operations = _annotate("x", "canary-steps.io/" + "a" * length)
    assert cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations).code == code


@pytest.mark.parametrize(("total", "code"), [(256 * 1024, 200), (256 * 1024 + 1, 422)])
def test_annotations_hold_256_kib_together(cluster: ApiClient, virtual_service: Json, total: int, code: int) -> None:
    """Keys and values are counted."""
    operations = _annotate("x" * (total - len("canary-steps.io/run.shop")))
    assert cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations).code == code


def test_an_annotation_must_be_text(cluster: ApiClient, virtual_service: Json) -> None:
    """Numbers are refused, not converted."""
    operations = [{"op": "add", "path": "/metadata/annotations", "value": {"a": 1}}]
    assert cluster.patch("virtualservices", virtual_service["metadata"]["name"], operations).code in {400, 422}


@pytest.mark.parametrize("bad", ["Shop", "shop_canary", "-shop", "s" * 254])
def test_names_that_are_not_dns_subdomains_are_refused(cluster: ApiClient, bad: str) -> None:
    """At the field metadata.name."""
    answer = cluster.create("configmaps", {"metadata": {"name": bad}})
    assert (answer.code, answer.body["details"]["causes"][0]["field"]) == (422, "metadata.name")


def test_a_label_value_of_64_bytes_is_refused(cluster: ApiClient, name: str) -> None:
    """Run ids that become labels must be short."""
    answer = cluster.create("configmaps", {"metadata": {"name": name, "labels": {"run": "r" * 64}}})
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")


def test_a_patch_may_remove_the_entries_of_a_manager(cluster: ApiClient, deployment: Json) -> None:
    """In one patch with other changes: what that manager wrote on a Deployment is nobody's then."""
    name = deployment["metadata"]["name"]
    scaled = [
        {"op": "add", "path": "/spec/minReadySeconds", "value": 3},
        {"op": "add", "path": "/metadata/annotations", "value": {"canary-steps.io/claim.shop": "a:1:prepared"}},
    ]
    before = cluster.patch("deployments", name, scaled, fieldManager="canary-steps").body["metadata"]["managedFields"]
    place = next(at for at, entry in enumerate(before) if entry["manager"] == "canary-steps")
    removal = [
        {"op": "test", "path": f"/metadata/managedFields/{place}/manager", "value": "canary-steps"},
        {"op": "remove", "path": "/metadata/annotations/canary-steps.io~1claim.shop"},
        {"op": "remove", "path": f"/metadata/managedFields/{place}"},
    ]
    after = cluster.patch("deployments", name, removal, fieldManager="canary-steps")
    assert 200 == after.code, after.body
    assert "canary-steps" not in [entry["manager"] for entry in after.body["metadata"]["managedFields"]]
    assert 3 == after.body["spec"]["minReadySeconds"]


def test_a_patch_may_remove_the_entries_of_a_manager_and_nothing_else(
    cluster: ApiClient, virtual_service: Json
) -> None:
    """The routes stay as they are and are nobody's; no generation is raised, so no proxy gets a push."""
    name = virtual_service["metadata"]["name"]
    weighed = [{"op": "add", "path": WEIGHT, "value": 10}]
    before = cluster.patch("virtualservices", name, weighed, fieldManager="canary-steps").body
    place = next(at for at, one in enumerate(before["metadata"]["managedFields"]) if one["manager"] == "canary-steps")
    removal = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": before["metadata"]["resourceVersion"]},
        {"op": "remove", "path": f"/metadata/managedFields/{place}"},
    ]
    after = cluster.patch("virtualservices", name, removal, fieldManager="canary-steps")
    assert 200 == after.code, after.body
    assert ["contract"] == [entry["manager"] for entry in after.body["metadata"]["managedFields"]]
    assert [] == _owners_of_routes(after.body)
    assert before["spec"] == after.body["spec"]
    assert before["metadata"]["generation"] == after.body["metadata"]["generation"]
