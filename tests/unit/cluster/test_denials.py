"""Who denied a write: a quota, an admission policy, or the account's permissions."""

from __future__ import annotations

import pytest

from steps.cluster.api import Cluster
from steps.cluster.connection import ApiResponse
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import Denied, Forbidden, PermanentError
from tests.support.answering_connection import AnsweringConnection

QUOTA = (
    'deployments.apps "shop-canary" is forbidden: exceeded quota: objects, requested: count/deployments.apps=1, '
    "used: count/deployments.apps=5, limited: count/deployments.apps=5"
)
LIMITS = 'pods "x" is forbidden: failed quota: compute: must specify limits.cpu for: app'
WEBHOOK = 'admission webhook "labels.example.com" denied the request: you must provide labels: {"team"}'
SILENT = 'admission webhook "labels.example.com" denied the request without explanation'
POLICY = (
    "deployments.apps \"shop\" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'all' denied request: "
    "no more than 5 replicas"
)
SECURITY = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
RBAC = 'deployments.apps is forbidden: User "bot" cannot create resource "deployments" in API group "apps"'
WRITES = {
    "create": lambda cluster: cluster.create(DEPLOYMENT, "shop", {"metadata": {"name": "shop-canary"}}),
    "patch": lambda cluster: cluster.patch(DEPLOYMENT, "shop", "shop", [{"op": "add", "path": "/spec/replicas"}]),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (403, QUOTA, ("ResourceQuota objects is exhausted: count/deployments.apps=1 requested, count/deployments.apps=5"
         " used, count/deployments.apps=5 allowed.")),
        (403, LIMITS, "ResourceQuota compute refuses it: must specify limits.cpu for: app."),
        (403, WEBHOOK, 'admission webhook labels.example.com denies it: you must provide labels: {"team"}.'),
        (400, WEBHOOK, "admission webhook labels.example.com denies it"),
        (403, SILENT, "admission webhook labels.example.com denies it: it gives no reason."),
        (422, POLICY, "ValidatingAdmissionPolicy replicas denies it: no more than 5 replicas."),
        (403, SECURITY, "the Pod Security level restricted:latest denies it: runAsNonRoot != true."),
    ],
)  # fmt: skip
def test_a_denial_names_who_denied_and_why(write: str, status: int, message: str, said: str) -> None:
    """It is not the account's RBAC, and a retry does not help."""
    cluster = Cluster(AnsweringConnection(lambda *_: ApiResponse(status, {"message": message})))
    with pytest.raises(Denied) as found:
        WRITES[write](cluster)
    assert (4, True, False) == (found.value.exit_code, said in found.value.cause, "RBAC" in found.value.cause)


def test_a_missing_permission_is_still_one() -> None:
    """With the verb, and where it is granted."""
    cluster = Cluster(AnsweringConnection(lambda *_: ApiResponse(403, {"message": RBAC})))
    with pytest.raises(Forbidden, match=r"cannot create resource.*Grant this verb"):
        WRITES["create"](cluster)


def test_other_refusals_keep_their_words() -> None:
    """Nothing is guessed."""
    body = {"message": "spec.replicas: Invalid value", "details": {"causes": [{}]}}
    cluster = Cluster(AnsweringConnection(lambda *_: ApiResponse(422, body)))
    with pytest.raises(PermanentError, match=r"answered 422: spec.replicas: Invalid value"):
        WRITES["patch"](cluster)
