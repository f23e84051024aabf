"""Helpers of the embedded mesh's tests: routes, requests of one user, and the failures in Prometheus."""

from __future__ import annotations

from itertools import count
from typing import Any

import requests

from tests.lab.embedded.lab import EmbeddedLab
from tests.support.kubernetes_api.kinds import SERVICE, Json

MATCHED, OTHER = 201, 202
NUMBERS = count(1)
"""Makes each name unique."""


def ask(lab: EmbeddedLab, host: str, path: str = "/", **headers: str) -> int:
    """Return the status that one user sees."""
    url = f"{lab.gateway_url}{path}"
    return requests.get(url, headers={"Host": host, **headers}, timeout=5, allow_redirects=False).status_code


def answering(status: int, match: Json | None = None) -> Json:
    """Return a route that the proxy answers itself."""
    return {"directResponse": {"status": status}} | ({"match": [match]} if match else {})


def virtual_service(name: str, *http: Json, **spec: Any) -> Json:
    """Return a VirtualService of the lab's gateway."""
    bound = {"hosts": [name], "gateways": ["istio-system/public", "mesh"], "http": list(http)}
    return {"metadata": {"name": name}, "spec": {**bound, **spec}}


def failures(lab: EmbeddedLab, selector: str) -> dict[tuple[str, str, str, str], float]:
    """Return the failed requests of a selector by code, flags, workload and service."""
    labels = ("response_code", "response_flags", "destination_workload", "destination_service_name")
    found = lab.query(f"sum by ({','.join(labels)}) (istio_requests_total{{response_code!='200',{selector}}})")
    code, flags, workload, service = labels
    return {
        (one["metric"][code], one["metric"][flags], one["metric"][workload], one["metric"][service]):
        float(one["value"][1]) for one in found
    }  # fmt: skip


def set_target(lab: EmbeddedLab, name: str, target: str) -> None:
    """Change the target port of a Service."""

    def change(item: Json) -> Json:
        ports = [{**item["spec"]["ports"][0], "targetPort": target}]
        return {**item, "spec": {**item["spec"], "ports": ports}}

    lab.api.store.change(SERVICE, "demo", name, change)
