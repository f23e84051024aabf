"""What an account may do, as the API server itself answers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from tests.lab.cluster.api import Json
from tests.lab.cluster.lab import ClusterLab

BASIC = {
    ("authorization.k8s.io", "selfsubjectaccessreviews", "create"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "create"),
    ("authentication.k8s.io", "selfsubjectreviews", "create"),
}
"""Permissions that Kubernetes gives every account: to ask about itself."""

Right = tuple[str, str, str]
"""API group, resource and verb."""


@dataclass(frozen=True)
class Account:
    """A service account of the lab's namespace."""

    lab: ClusterLab
    name: str

    def may(self, right: Right, *, name: str = "", namespace: str | None = None) -> bool:
        """Ask whether it may do something, to an object of that name or ("") to any."""
        group, resource, verb = right
        resource, _, subresource = resource.partition("/")
        here = self.lab.namespace
        attributes = {
            "group": group, "resource": resource, "subresource": subresource, "verb": verb, "name": name,
            "namespace": here if namespace is None else namespace,
        }  # fmt: skip
        user = f"system:serviceaccount:{here}:{self.name}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{here}", "system:authenticated"]
        spec = {"user": user, "groups": groups, "resourceAttributes": attributes}
        asked = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        answer = self.lab.api.call("POST", "apis/authorization.k8s.io/v1/subjectaccessreviews", asked)
        return bool(answer["status"]["allowed"])


def all_rights(lab: ClusterLab) -> set[Right]:
    """Return every verb of every resource that the server knows, subresources such as pods/exec included."""
    groups = [f"apis/{one['preferredVersion']['groupVersion']}" for one in lab.api.call("GET", "apis")["groups"]]
    found: set[Right] = set()
    for path in ("api/v1", *groups):
        group = path.split("/")[1] if path.startswith("apis/") else ""
        for resource in lab.api.call("GET", path)["resources"]:
            found |= set(product([group], [resource["name"]], resource["verbs"]))
    # RBAC knows these verbs, although no resource lists them.
    return found | {
        ("", "serviceaccounts", "impersonate"),
        ("rbac.authorization.k8s.io", "roles", "bind"),
        ("rbac.authorization.k8s.io", "roles", "escalate"),
    }


def granted(rules: list[Json]) -> set[Right]:
    """Return the rights in the rules of a Role."""
    return {
        right for rule in rules for right in product(rule["apiGroups"], rule["resources"], rule["verbs"])
    }  # fmt: skip
