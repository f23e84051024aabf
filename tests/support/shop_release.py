"""The release that most tests run: Deployment `shop` in namespace `shop`, from shop:1 to shop:2."""

from typing import Any

from steps.model.run import Destination
from steps.model.workload import Release
from tests.support.kubernetes_api.kinds import Json

NAMESPACE = "shop"
APP = "shop"
KEY = "canary-steps.io/claim.shop"
TOKEN = "run-1:1:prepared"


def deployment(name: str, image: str, replicas: int = 2, **spec: Any) -> Json:
    """Return a Deployment as teams write it."""
    container = {
        "name": "app",
        "image": image,
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
    }
    template = {
        "metadata": {"labels": {"app": name, "team": "till"}, "annotations": {"checksum/config": "1"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }
    base = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {**base, **spec}}


def release(**changes: Any) -> Release:
    """Return a release of shop:2 with the default names."""
    given = {
        "namespace": NAMESPACE,
        "stable": "shop",
        "canary": "shop-canary",
        "stable_destination": Destination("shop"),
        "canary_destination": Destination(f"shop-canary.{NAMESPACE}.svc.cluster.local"),
        "image": "shop:2",
    }
    return Release(**{**given, **changes})


def renew() -> None:
    """Keep a claim alive."""
