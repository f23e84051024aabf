"""The objects of an app as Flagger leaves them after a release: primary serves, what people deploy has no pods."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def left_by_flagger(app: str, namespace: str, image: str, owner: Json | None = None) -> list[Json]:
    """Return Deployments, Services, DestinationRules and the VirtualService.

    Args:
        app: target of the Canary.
        namespace: of all objects.
        image: that both Deployments run.
        owner: reference to the Canary, which is on all but the target; None after it was removed.
    """
    primary, released = f"{app}-primary", f"{app}-canary"
    own = {"ownerReferences": [owner]} if owner else {}
    found = [
        {**_deployment(primary, image, 2), "metadata": {"name": primary, **own}},
        *({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, **own}, "spec": _service(selected)}
          for name, selected in ((app, primary), (primary, primary), (released, app))),
        *({"apiVersion": "networking.istio.io/v1beta1", "kind": "DestinationRule", "metadata": {"name": name, **own},
           "spec": {"host": name}} for name in (primary, released)),
        {"apiVersion": "networking.istio.io/v1beta1", "kind": "VirtualService", "metadata": {"name": app, **own},
         "spec": _routes(app)},
    ]  # fmt: skip
    target = {**_deployment(app, image, 0), "metadata": {"name": app}}
    return [{**one, "metadata": {**one["metadata"], "namespace": namespace}} for one in (target, *found)]


def _deployment(name: str, image: str, replicas: int) -> Json:
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}
    container = {"name": "app", "image": image, "ports": [{"name": "http", "containerPort": 8080}],
                 "readinessProbe": probe}  # fmt: skip
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


def _service(selected: str) -> Json:
    return {"selector": {"app": selected}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}


def _routes(app: str) -> Json:
    arms = {f"{app}-primary": 100, f"{app}-canary": 0}
    routes = [{"destination": {"host": host}, "weight": weight} for host, weight in arms.items()]
    return {"gateways": ["istio-system/public", "mesh"], "hosts": [app], "http": [{"route": routes}]}
