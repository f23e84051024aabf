"""A thin client of an API server, used by the contract tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests
from kubernetes import client, config

Json = dict[str, Any]
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
GROUPS = {"deployments": "apis/apps/v1", "virtualservices": "apis/networking.istio.io/v1"}


def session_from(path: str) -> tuple[requests.Session, str]:
    """Return a session with the credentials of a kubeconfig, and its server's URL."""
    loaded: Any = client.Configuration()
    load: Any = config.load_kube_config  # it has no types
    load(config_file=path, client_configuration=loaded)
    session = requests.Session()
    # Otherwise the environment's CA bundle would override the kubeconfig's.
    session.trust_env = False
    session.verify = loaded.ssl_ca_cert or True
    session.cert = (loaded.cert_file, loaded.key_file) if loaded.cert_file else None
    if token := loaded.get_api_key_with_prefix("authorization"):
        session.headers["Authorization"] = token
    return session, str(loaded.host)


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    code: int
    body: Json
    headers: dict[str, str]


class ApiClient:
    """Requests to one namespace of an API server; resources are named by their plural."""

    def __init__(self, session: requests.Session, host: str, namespace: str) -> None:
        self.namespace = namespace
        self._session = session
        self._host = host

    def call(
        self, method: str, path: str, body: object = None, *, kind: str = "application/json", **query: str
    ) -> Answer:
        """Send one request to an absolute path."""
        headers = {"Content-Type": kind, "User-Agent": "contract/1.0"}
        data = None if body is None else json.dumps(body)
        answer = self._session.request(
            method, f"{self._host}/{path}", data=data, headers=headers, params=query, timeout=10
        )  # fmt: skip
        structured = answer.headers.get("Content-Type", "").startswith("application/json")
        return Answer(answer.status_code, answer.json() if structured else {}, dict(answer.headers))

    def path(self, plural: str, name: str = "") -> str:
        """Return the path of a collection or an object in the namespace."""
        return f"{GROUPS.get(plural, 'api/v1')}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def get(self, plural: str, name: str = "", **query: str) -> Answer:
        """Read an object or list a collection."""
        return self.call("GET", self.path(plural, name), **query)

    def create(self, plural: str, body: Json, **query: str) -> Answer:
        """Post an object."""
        return self.call("POST", self.path(plural), body, **query)

    def put(self, plural: str, body: Json, **query: str) -> Answer:
        """Replace an object."""
        return self.call("PUT", self.path(plural, body["metadata"]["name"]), body, **query)

    def patch(self, plural: str, name: str, operations: object, kind: str = JSON_PATCH, **query: str) -> Answer:
        """Patch an object."""
        return self.call("PATCH", self.path(plural, name), operations, kind=kind, **query)

    def delete(self, plural: str, name: str, options: Json | None = None) -> Answer:
        """Delete an object."""
        return self.call("DELETE", self.path(plural, name), options)
