"""The lab's client of the API server: apply (as `kubectl apply --server-side`), read, delete."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import requests
import yaml
from kubernetes import client, config

Json = dict[str, Any]
_APPLY = "application/apply-patch+yaml"


class ApiError(Exception):
    """The server refused."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"the API server answered {code}: {text}")
        self.code = code


class Api:
    """Requests to the API server of a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        loaded: Any = client.Configuration()
        load: Any = config.load_kube_config  # it has no types
        load(config_file=str(kubeconfig), client_configuration=loaded)
        self.url = str(loaded.host)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = loaded.ssl_ca_cert or True
        self._session.cert = (loaded.cert_file, loaded.key_file) if loaded.cert_file else None
        if token := loaded.get_api_key_with_prefix("authorization"):
            self._session.headers["Authorization"] = token
        self._plurals: dict[tuple[str, str], tuple[str, bool]] = {}

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json", **query: str) -> Json:
        """Send one request to an absolute path and return the answer; raise ApiError if the server refuses it."""
        data = None if body is None else json.dumps(body)  # which is YAML too
        answer = self._session.request(
            method, f"{self.url}/{path}", data=data, headers={"Content-Type": kind}, params=query, timeout=30
        )  # fmt: skip
        if not answer.ok:
            raise ApiError(answer.status_code, answer.text)
        found: Json = answer.json()
        return found

    def apply(self, items: Iterable[Json], namespace: str = "") -> None:
        """Apply objects with force; those without a namespace go to `namespace`."""
        for item in items:
            path = self.path(item["apiVersion"], item["kind"], item["metadata"].get("namespace") or namespace)
            name = item["metadata"]["name"]
            self.call("PATCH", f"{path}/{name}", item, _APPLY, fieldManager="canary-steps-lab", force="true")

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json:
        """Read an object."""
        return self.call("GET", f"{self.path(api_version, kind, namespace)}/{name}")

    def items(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[Json]:
        """Read a collection."""
        found: list[Json] = self.call("GET", self.path(api_version, kind, namespace), **query)["items"]
        return found

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> None:
        """Delete an object, if it is there."""
        try:
            self.call("DELETE", f"{self.path(api_version, kind, namespace)}/{name}")
        except ApiError as error:
            if error.code != requests.codes.not_found:
                raise

    def path(self, api_version: str, kind: str, namespace: str = "") -> str:
        """Return the path of a collection; the server is asked for its plural."""
        root = f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
        if (api_version, kind) not in self._plurals:
            for found in self.call("GET", root)["resources"]:
                if "/" not in found["name"]:
                    self._plurals[api_version, found["kind"]] = (found["name"], found["namespaced"])
        plural, is_namespaced = self._plurals[api_version, kind]
        return f"{root}/namespaces/{namespace}/{plural}" if is_namespaced and namespace else f"{root}/{plural}"


def documents(*paths: Path) -> Iterator[Json]:
    """Read YAML files, document by document."""
    for path in paths:
        yield from filter(None, yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader))
