"""The API that the contract is checked against: the stand-in, or the cluster that CANARY_TEST_KUBECONFIG names.

On a real cluster a scratch namespace is made and removed; Istio's CRDs must be installed there, its webhook need not.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
import requests

from tests.support.api_client import ApiClient, Json, session_from
from tests.support.kubernetes_api import StandInApi


@pytest.fixture(scope="session")
def cluster() -> Iterator[ApiClient]:
    """Return an API server with an empty namespace."""
    namespace = f"contract-{random.randrange(10**8)}"
    if kubeconfig := os.environ.get("CANARY_TEST_KUBECONFIG"):
        session, host = session_from(kubeconfig)
        with session:
            yield from _scratch(ApiClient(session, host, namespace))
    else:
        with StandInApi() as api, requests.Session() as session:
            yield from _scratch(ApiClient(session, api.url, namespace))


def _scratch(cluster: ApiClient) -> Iterator[ApiClient]:
    made = cluster.call("POST", "api/v1/namespaces", {"metadata": {"name": cluster.namespace}})
    assert made.code == 201, made.body
    yield cluster
    cluster.call("DELETE", f"api/v1/namespaces/{cluster.namespace}")


@pytest.fixture
def name() -> str:
    """Return a name that no other test uses."""
    return f"shop-{random.randrange(10**8)}"


@pytest.fixture
def virtual_service(cluster: ApiClient, name: str) -> Json:
    """Return a stored VirtualService; the canary's weight is absent, and the steps must not touch its other fields."""
    made = cluster.create("virtualservices", virtual_service_named(name))
    assert made.code == 201, made.body
    return made.body


@pytest.fixture
def deployment(cluster: ApiClient, name: str) -> Json:
    """Return a stored Deployment without pods, so that controllers change little of it."""
    made = cluster.create("deployments", deployment_named(name))
    assert made.code == 201, made.body
    return made.body


def virtual_service_named(name: str) -> Json:
    """Return a VirtualService as teams write it."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "labels": {"team": "checkout"}},
        "spec": {
            "hosts": [name],
            "gateways": ["mesh"],
            "exportTo": ["."],
            "http": [
                {
                    "name": "primary",
                    "match": [{"uri": {"prefix": "/"}, "headers": {"x-tier": {"exact": "gold"}}}],
                    "timeout": "3s",
                    "retries": {"attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx"},
                    "mirror": {"host": "shadow"},
                    "mirrorPercentage": {"value": 12.5},
                    "corsPolicy": {"allowOrigins": [{"exact": "https://example.com"}], "maxAge": "24h"},
                    "headers": {"request": {"set": {"x-a": "1"}}},
                    "route": [
                        {"destination": {"host": name}, "weight": 100},
                        {"destination": {"host": f"{name}-canary"}},
                    ],
                },
                {"route": [{"destination": {"host": name, "port": {"number": 8080}}}]},
            ],
        },
    }


def deployment_named(name: str) -> Json:
    """Return a Deployment with as few fields as possible."""
    container = {
        "name": "app",
        "image": "example.com/shop:v1",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"port": 8080}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }
