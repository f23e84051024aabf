"""An Istio that serves its kinds in an older version only is used as it is."""

from __future__ import annotations

import pytest

from steps.cluster.api import Cluster
from steps.cluster.connection import ApiResponse
from steps.cluster.kinds import ROLLOUT, VIRTUAL_SERVICE
from steps.errors import NotFound
from tests.support.answering_connection import AnsweringConnection

NETWORKING = "/apis/networking.istio.io"


def istio(*served: str) -> AnsweringConnection:
    """Return an API server with VirtualService shop, whose group has these versions."""

    def answer(method: str, path: str) -> ApiResponse:
        del method
        if path == NETWORKING and served:
            versions = [{"version": one} for one in served]
            return ApiResponse(200, {"versions": versions, "preferredVersion": versions[0]})
        for one in served:
            if path == f"{NETWORKING}/{one}":
                return ApiResponse(200, {"resources": [{"name": "virtualservices"}, {"name": "gateways"}]})
            if path == f"{NETWORKING}/{one}/namespaces/shop/virtualservices":
                return ApiResponse(200, {"items": [{"metadata": {"name": "shop"}}]})
            if path == f"{NETWORKING}/{one}/namespaces/shop/virtualservices/shop":
                return ApiResponse(200, {"metadata": {"name": "shop"}})
            if path.startswith(f"{NETWORKING}/{one}/"):
                return ApiResponse(404, {"message": "not found", "details": {"name": "other"}})
        return ApiResponse(404, {"message": "404 page not found"})

    return AnsweringConnection(answer)


@pytest.mark.parametrize("version", ["v1beta1", "v1alpha3"])
def test_the_served_version_is_found_once_and_used_for_every_verb(version: str) -> None:
    """Three requests more, whatever follows."""
    connection = istio(version)
    cluster = Cluster(connection)
    assert "shop" == cluster.get(VIRTUAL_SERVICE, "shop", "shop")["metadata"]["name"]
    found = len(connection.asked)
    cluster.patch(VIRTUAL_SERVICE, "shop", "shop", [])
    assert 1 == len(cluster.list(VIRTUAL_SERVICE, "shop"))
    assert (4, 6) == (found, len(connection.asked))
    assert all(f"/{version}/" in path for path in connection.asked[found:])


def test_the_own_version_wins_where_it_is_served_too() -> None:
    """Nothing else is asked."""
    connection = istio("v1alpha3", "v1")
    Cluster(connection).get(VIRTUAL_SERVICE, "shop", "shop")
    assert [f"GET {NETWORKING}/v1/namespaces/shop/virtualservices/shop"] == connection.asked


def test_a_missing_object_is_missing_and_no_version_is_looked_for() -> None:
    """The server names the object then; it is asked a second time before it is believed."""
    connection = istio("v1")
    with pytest.raises(NotFound):
        Cluster(connection).get(VIRTUAL_SERVICE, "shop", "other")
    assert 2 == len(connection.asked)


def test_without_istio_its_kinds_are_missing() -> None:
    """As before, and the question about versions is asked once."""
    connection = istio()
    cluster = Cluster(connection)
    assert [] == cluster.list(VIRTUAL_SERVICE, "shop")
    assert cluster.find(VIRTUAL_SERVICE, "shop", "shop") is None
    assert 5 == len(connection.asked)


def test_kinds_of_others_are_not_looked_for_in_other_versions() -> None:
    """Their versions may differ in what fields mean."""
    connection = istio("v1")
    assert [] == Cluster(connection).list(ROLLOUT, "shop")
    assert 1 == len(set(connection.asked))
