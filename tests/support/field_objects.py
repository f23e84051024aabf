"""Objects of apps in namespace `field`, as few lines as a test needs."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
HTTP = ({"name": "http", "port": 80, "targetPort": "http"},)
_ISTIO = "networking.istio.io/v1"


def deployment(name: str, *ports: Json, replicas: int = 1, **labels: str) -> Json:
    """Return a Deployment whose selector and pod labels are `labels`, `app: <name>` without any."""
    carried = labels or {"app": name}
    declared = [*ports] or [{"name": "http", "containerPort": 8080}]
    container = {"name": "app", "image": "registry.example/team/app:1", "ports": declared}
    template = {"metadata": {"labels": carried}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": carried}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _named(name), "spec": spec}


def service(name: str, *ports: Json, selector: Json | None = None, **metadata: Json) -> Json:
    """Return a Service of pods `app: <name>` unless a selector is given."""
    spec = {"selector": selector or {"app": name}, "ports": [*ports] or [*HTTP]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {**_named(name), **metadata}, "spec": spec}


def virtual_service(name: str, *http: Json, namespace: str = "field", **spec: Any) -> Json:
    """Return a VirtualService; its host is its name unless `hosts` says otherwise, and None leaves it out."""
    kept = {key: value for key, value in {"hosts": [name], **spec, "http": [*http]}.items() if value is not None}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": _ISTIO, "kind": "VirtualService", "metadata": metadata, "spec": kept}


def rule(host: str, **subsets: str) -> Json:
    """Return a DestinationRule with subsets by `version`."""
    found = [{"name": name, "labels": {"version": version}} for name, version in subsets.items()]
    spec = {"host": host, "subsets": found}
    return {"apiVersion": _ISTIO, "kind": "DestinationRule", "metadata": _named(host), "spec": spec}


def to(host: str, subset: str = "", weight: int | None = None, **more: Any) -> Json:
    """Return one entry of a route."""
    destination = {"host": host, **({"subset": subset} if subset else {}), **more.pop("destination", {})}
    return {"destination": destination, **({} if weight is None else {"weight": weight}), **more}


def route(*entries: Json, **more: Any) -> Json:
    """Return an HTTP route."""
    return {**more, "route": [*entries]}


def versions(app: str, *names: str) -> list[Json]:
    """Return a Service of an app and its Deployments `<app>-<version>` behind it."""
    return [service(app), *(deployment(f"{app}-{one}", app=app, version=one) for one in names)]


def _named(name: str) -> Json:
    return {"name": name, "namespace": "field"}
