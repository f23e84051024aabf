"""Permissions, the server's clock, and unknown resources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tests.support.api_client import ApiClient

REVIEWS = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def test_access_can_be_asked_for_in_advance(cluster: ApiClient) -> None:
    """Prepare asks before any traffic moves; the user of these tests has this permission."""
    asked = {
        "namespace": cluster.namespace,
        "verb": "patch",
        "group": "networking.istio.io",
        "resource": "virtualservices",
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = cluster.call("POST", REVIEWS, review | {"spec": {"resourceAttributes": asked}})
    assert (answer.code, answer.body["status"]["allowed"]) == (201, True)


def test_every_answer_has_the_servers_time(cluster: ApiClient, name: str) -> None:
    """Expiry is by the server's clock, on errors too."""
    for answer in (cluster.get("deployments"), cluster.get("deployments", name)):
        told = parsedate_to_datetime(answer.headers["Date"])
        assert abs(datetime.now(UTC) - told) < timedelta(minutes=5)


def test_an_unknown_resource_is_404_without_a_name(cluster: ApiClient) -> None:
    """A CRD that is not installed is distinguished from an absent object."""
    answer = cluster.call("GET", f"apis/example.com/v1/namespaces/{cluster.namespace}/widgets/a")
    assert answer.code == 404
