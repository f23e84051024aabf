"""The accounts of a namespace under the policy: RBAC allows them everything there, so only the policy refuses."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.api_client import Answer, ApiClient, Json, session_from

ROLES = ("reader", "walker", "sweeper", "board")
MANAGER = "canary-steps"
PREFIXED = "team-canary-steps-sweeper-eu"
OTHERS = ("other", "canary-steps", "canary-steps-walkers", "canary-push")
"""Accounts that are not ours."""
_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Guarded:
    """A scratch namespace.

    Attributes:
        admin: the client of its owner, whom no policy holds.
        kubeconfig: path of the owner's kubeconfig.
    """

    admin: ApiClient
    kubeconfig: str

    def allow_all(self) -> None:
        """Let RBAC allow our accounts, and one that is not ours, everything in the namespace."""
        names = [*(f"canary-steps-{role}" for role in ROLES), PREFIXED, *OTHERS]
        subjects = [{"kind": "ServiceAccount", "name": name, "namespace": self.admin.namespace} for name in names]
        role = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": "cluster-admin"}
        body = {"metadata": {"name": "all"}, "roleRef": role, "subjects": subjects}
        path = f"apis/{_GROUP}/v1/namespaces/{self.admin.namespace}/rolebindings"
        made = self.admin.call("POST", path, body)
        assert made.code == 201, made.body

    def account(self, name: str) -> ApiClient:
        """Return the client of a service account of the namespace; "walker" stands for canary-steps-walker."""
        session, host = session_from(self.kubeconfig)
        full = f"canary-steps-{name}" if name in ROLES else name
        session.headers["Impersonate-User"] = f"system:serviceaccount:{self.admin.namespace}:{full}"
        return ApiClient(session, host, self.admin.namespace)

    def store(self, plural: str, item: Json) -> Json:
        """Let an object be exactly so, whatever it was."""
        self.remove(plural, item["metadata"]["name"])
        made = self.admin.create(plural, item)
        assert made.code == 201, made.body
        return made.body

    def remove(self, plural: str, name: str) -> None:
        """Delete an object, if it is there."""
        assert self.admin.delete(plural, name).code in {200, 404}


def refusal(answer: Answer) -> str:
    """Return what a policy says about a write, "" if it was accepted; fail on any other answer."""
    if answer.code in {200, 201}:
        return ""
    message = str(answer.body.get("message"))
    before, found, reason = message.partition(" denied request: ")
    assert found, f"{answer.code}, and not by the policy: {before}"
    return reason
