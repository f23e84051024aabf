"""A claimed VirtualService and a claimed Deployment, as a run finds them."""

from __future__ import annotations

from tests.support.api_client import Json
from tests.support.shop_release import deployment

TOKEN = {"canary-steps.io/claim.shop": "one:1:walking"}
THEIRS = {"team.example/owner": "till"}


def virtual_service(*, claimed: bool = True, name: str = "shop") -> Json:
    """Return a VirtualService with two routes that split, one that does not, and a route of another protocol."""
    split = [
        {"destination": {"host": "shop"}, "weight": 80, "headers": {"request": {"set": {"x-a": "1"}}}},
        {"destination": {"host": "shop-canary"}, "weight": 20},
    ]
    http: list[Json] = [
        {"name": "gold", "match": [{"uri": {"prefix": "/gold"}}], "route": split},
        {"match": [{"uri": {"prefix": "/old"}}], "redirect": {"uri": "/"}},
        {"timeout": "3s", "retries": {"attempts": 3}, "route": split},
    ]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {
            "name": name,
            "labels": {"team": "till", **({"canary-steps.io/claimed": "true"} if claimed else {})},
            "annotations": {**THEIRS, **(TOKEN if claimed else {})},
        },
        "spec": {
            "hosts": ["shop"],
            "gateways": ["mesh"],
            "http": http,
            "tcp": [{"route": [{"destination": {"host": "shop"}, "weight": 100}]}],
        },
    }


def workload(*, claimed: bool = True, name: str = "shop") -> Json:
    """Return a Deployment whose controller starts no pods."""
    made = deployment(name, "shop:1", paused=True)
    annotations = {**THEIRS, **(TOKEN if claimed else {})}
    made["metadata"] = {"name": name, "labels": {"team": "till"}, "annotations": annotations}
    return {"apiVersion": "apps/v1", "kind": "Deployment", **made}


def canary() -> Json:
    """Return the canary as prepare creates it."""
    made = workload(name="shop-canary")
    made["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "canary-steps"
    made["spec"]["replicas"] = 0
    return made
