"""The objects of a demo app, as a team would have them before its first canary."""

from __future__ import annotations

from typing import Literal

from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE, Json, Kind

Topology = Literal["hosts", "subsets"]


def deployment(name: str, image: str, replicas: int, labels: dict[str, str], pull_policy: str = "IfNotPresent") -> Json:
    """Return a Deployment with a readiness probe; its selector is all of `labels`."""
    container = {
        "name": "app",
        "image": image,
        "imagePullPolicy": pull_policy,
        "ports": [{"name": "http", "containerPort": 8080}],
        # Without a CPU request a pod on a busy node starves behind those that have one.
        "resources": {"requests": {"cpu": "30m", "memory": "32Mi"}},
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": 8080},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
            "failureThreshold": 5,
        },
        # An ending pod keeps serving until the gateway knows, as a careful team configures it.
        "lifecycle": {"preStop": {"sleep": {"seconds": 2}}},
    }
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
            },
        },
    }


def service(name: str, selector: dict[str, str]) -> Json:
    """Return a Service on port 80."""
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    return {"metadata": {"name": name}, "spec": {"selector": selector, "ports": ports}}


def virtual_service(name: str, stable: Json, canary: Json) -> Json:
    """Return a VirtualService with one route `primary`, all weight on stable."""
    routes = [{"destination": stable, "weight": 100}, {"destination": canary, "weight": 0}]
    return {
        "metadata": {"name": name},
        "spec": {"hosts": [name], "gateways": ["istio-system/public", "mesh"],
                 "http": [{"name": "primary", "route": routes}]},
    }  # fmt: skip


def app(
    name: str, image: str, replicas: int, topology: Topology, pull_policy: str, canary_name: str = ""
) -> list[tuple[Kind, Json]]:
    """Return all objects of an app whose canary will be `canary_name`, by default `<name>-canary`.

    hosts: one Service for each arm, named alike; subsets: one Service, subsets stable and canary by label `track`.
    """
    if topology == "hosts":
        other = canary_name or f"{name}-canary"
        stable, canary = ({"host": host, "port": {"number": 80}} for host in (name, other))
        return [
            (SERVICE, service(name, {"app": name})),
            (SERVICE, service(other, {"app": other})),
            (DEPLOYMENT, deployment(name, image, replicas, {"app": name}, pull_policy)),
            (VIRTUAL_SERVICE, virtual_service(name, stable, canary)),
        ]
    by_subset: list[Json] = [
        {"host": name, "subset": subset, "port": {"number": 80}} for subset in ("stable", "canary")
    ]
    subsets = [{"name": track, "labels": {"track": track}} for track in ("stable", "canary")]
    return [
        (SERVICE, service(name, {"app": name})),
        (DESTINATION_RULE, {"metadata": {"name": name}, "spec": {"host": name, "subsets": subsets}}),
        (DEPLOYMENT, deployment(name, image, replicas, {"app": name, "track": "stable"}, pull_policy)),
        (VIRTUAL_SERVICE, virtual_service(name, *by_subset)),
    ]
