"""Shapes for the checks of a survey: an app `cart` with two versions behind one Service, and one with two hosts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from steps.cluster.kinds import Kind
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.survey.arms import SurveyedArms, surveyed_arms
from steps.survey.objects import Survey
from steps.survey.problem import Problem

Json = dict[str, Any]
NAMESPACE = "demo"
DOMAIN = f"{NAMESPACE}.svc.cluster.local"
Checked = Callable[[Survey, SurveyedArms], list[Problem]]


def deployment(name: str, replicas: int = 1, spec: Json | None = None, **labels: str) -> Json:
    """Return a ready Deployment whose selector and pods carry the same labels; `spec` goes into its template."""
    containers = [{"name": "app", "image": "demo/app:1", "ports": [{"containerPort": 8080}]}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers, **(spec or {})}}
    status = {"readyReplicas": replicas, "availableReplicas": replicas, "updatedReplicas": replicas,
              "replicas": replicas, "observedGeneration": 1}  # fmt: skip
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
        "status": status,
    }


def service(name: str, **selector: str) -> Json:
    """Return a Service."""
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"selector": selector}}


def rule(host: str, namespace: str = NAMESPACE, policy: Json | None = None, **subsets: str) -> Json:
    """Return a DestinationRule whose subsets differ in `version`."""
    body = [{"name": name, "labels": {"version": version}} for name, version in subsets.items()]
    spec = {"host": host, **({"subsets": body} if body else {}), **({"trafficPolicy": policy} if policy else {})}
    return {"metadata": {"name": host.partition(".")[0], "namespace": namespace}, "spec": spec}


def route(*weighted: tuple[str, int | None], **more: Any) -> Json:
    """Return an HTTP route to `host` or `host/subset` destinations with weights."""
    entries = []
    for text, weight in weighted:
        host, _, subset = text.partition("/")
        body = {"host": host, **({"subset": subset} if subset else {})}
        entries.append({"destination": body, **({} if weight is None else {"weight": weight})})
    return {"route": entries, **more}


def virtual_service(name: str, *routes: Json, namespace: str = NAMESPACE, **spec: Any) -> Json:
    """Return a VirtualService."""
    body = {"hosts": [name], "http": list(routes), **spec}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": body}


def obj(kind: Kind, name: str, spec: Json) -> tuple[Kind, Json]:
    """Return an object of another kind, for `survey`."""
    return kind, {"apiVersion": kind.api_version, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


V1 = deployment("cart-v1", app="cart", version="v1")
V2 = deployment("cart-v2", app="cart", version="v2")
PAIR = route(("cart/v1", 100), ("cart/v2", 0))
CART = virtual_service("cart", PAIR)
HOSTS_PAIR = route(("cart", 100), ("cart-canary", 0))


def versions(*more: tuple[Kind, Json], **parts: Any) -> Survey:
    """Return the survey of `cart` with the Deployments cart-v1 and cart-v2 as subsets of one host."""
    made: dict[str, Any] = {
        "virtual_services": (CART,),
        "services": (service("cart", app="cart"),),
        "deployments": (V1, V2),
        "destination_rules": (rule("cart", v1="v1", v2="v2"),),
        **parts,
    }
    return Survey(NAMESPACE, more=_lists(more), **made)


def hosts(*more: tuple[Kind, Json], **parts: Any) -> Survey:
    """Return the survey of `cart` with the conventional two hosts, before its first release."""
    made: dict[str, Any] = {
        "virtual_services": (virtual_service("cart", HOSTS_PAIR),),
        "services": (service("cart", app="cart"), service("cart-canary", app="cart-canary")),
        "deployments": (deployment("cart", app="cart"),),
        **parts,
    }
    return Survey(NAMESPACE, more=_lists(more), **made)


def _lists(more: Sequence[tuple[Kind, Json]]) -> Callable[[Kind], Sequence[Json]]:
    return lambda kind: [one for which, one in more if which == kind]


def arms_of_versions(survey: Survey, topology: str = "target-named", **changes: Any) -> SurveyedArms:
    """Return the arms cart-v1 (stable) and cart-v2."""
    return _arms(survey, topology, ("cart-v1", "cart/v1"), ("cart-v2", "cart/v2"), changes)


def arms_of_hosts(survey: Survey, topology: str = "stable-named", **changes: Any) -> SurveyedArms:
    """Return the arms cart (stable) and cart-canary."""
    return _arms(survey, topology, ("cart", "cart"), ("cart-canary", "cart-canary"), changes)


def _arms(
    survey: Survey, topology: str, stable: tuple[str, str], canary: tuple[str, str], changes: Json
) -> SurveyedArms:
    made = {
        "stable": stable[0],
        "canary": canary[0],
        "stable_destination": destination(changes.pop("stable_destination", stable[1])),
        "canary_destination": destination(changes.pop("canary_destination", canary[1])),
        "virtual_services": (ObjectName(NAMESPACE, "cart"),),
        "routes": (),
        "baseline": "",
        **changes,
    }
    return surveyed_arms(survey, ReleaseNames(app="cart", namespace=NAMESPACE, **made), topology)


def destination(text: str) -> Destination:
    """Return a destination from `host/subset`."""
    host, _, subset = text.partition("/")
    return Destination(host, subset)


def patches(remedy: str) -> list[Json]:
    """Return the JSON Patch of a `kubectl patch` line."""
    found: list[Json] = json.loads(remedy.partition("-p '")[2].partition("'")[0])
    return found


def applied(remedy: str) -> Json:
    """Return the object of a `kubectl apply` here-document."""
    found: Json = json.loads(remedy.partition("<<'EOF'\n")[2].partition("\nEOF")[0])
    return found


def said(problems: Sequence[Problem]) -> list[tuple[str, str, str]]:
    """Return code, object and gravity of each problem."""
    return [(one.code, one.about, one.gravity) for one in problems]
