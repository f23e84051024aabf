"""Registries for `resolve`: the distribution project's own, and one with a token service, like the big ones."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.lab import docker_registry
from tests.support.processes import Processes

USER, PASSWORD = "ann", "s3cret"
_BCRYPT = "ann:$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n"
_IMAGE = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


class Distribution:
    """A running registry on a free port."""

    def __init__(self, folder: Path, processes: Processes, *, password: bool = False, tls: bool = False) -> None:
        program = docker_registry.find()
        if not program:
            pytest.skip("docker-registry is not installed")
        self.host = f"localhost:{_free_port()}"
        self.ca = folder / "registry.crt"
        certificate = _certificate(self.ca) if tls else None
        htpasswd = folder / "htpasswd" if password else None
        if htpasswd is not None:
            htpasswd.write_text(_BCRYPT)
        config = docker_registry.configuration(folder, self.host, htpasswd=htpasswd, certificate=certificate)
        processes.start("registry", docker_registry.command(program, config))
        self._verify = str(self.ca) if tls else True
        self._auth = (USER, PASSWORD) if password else None
        self._url = f"{'https' if tls else 'http'}://{self.host}/v2"
        _wait_for(self._answers)

    def push(self, repository: str, reference: str, manifest: dict[str, object], kind: str = _IMAGE) -> str:
        """Push a manifest under a tag or its digest; return its digest."""
        body = json.dumps(manifest).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        url = f"{self._url}/{repository}/manifests/{reference or digest}"
        answer = self._send("PUT", url, data=body, headers={"Content-Type": kind})
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        return digest

    def push_image(self, repository: str, tag: str, content: bytes = b"{}") -> str:
        """Push an image without layers; without a tag by digest."""
        config = self._push_blob(repository, content)
        described = {"mediaType": "application/vnd.oci.image.config.v1+json", **config}
        return self.push(repository, tag, {"schemaVersion": 2, "mediaType": _IMAGE, "config": described, "layers": []})

    def push_index(self, repository: str, tag: str, *digests: str) -> str:
        """Push an index of images."""
        listed = [{"mediaType": _IMAGE, "digest": one, "size": self._size(repository, one)} for one in digests]
        return self.push(repository, tag, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": listed}, _INDEX)

    def _push_blob(self, repository: str, content: bytes) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        place = self._send("POST", f"{self._url}/{repository}/blobs/uploads/").headers["Location"]
        answer = self._send("PUT", place, params={"digest": digest}, data=content)
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        return {"digest": digest, "size": len(content)}

    def _size(self, repository: str, digest: str) -> int:
        url = f"{self._url}/{repository}/manifests/{digest}"
        return int(self._send("HEAD", url, headers={"Accept": _IMAGE}).headers["Content-Length"])

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        return requests.request(method, url, auth=self._auth, verify=self._verify, timeout=5, **options)

    def _answers(self) -> bool:
        try:
            return self._send("GET", f"{self._url}/").ok
        except requests.RequestException:
            return False


class _TokenRegistry(BaseHTTPRequestHandler):
    """A registry with a token service, like the big ones."""

    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        """Return a token to a client that knows the password."""
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != basic:
            self._say(HTTPStatus.UNAUTHORIZED, {})
        else:
            self._say(HTTPStatus.OK, {}, b'{"token": "t0ken", "expires_in": 300}')

    def do_HEAD(self) -> None:
        """Return the digest to a client that has the token."""
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        if self.headers.get("Authorization") == "Bearer t0ken":
            kind = {"Content-Type": _INDEX, "Docker-Content-Digest": f"sha256:{'a' * 64}"}
            self._say(HTTPStatus.OK, kind)
        else:
            realm = (
                f'Bearer realm="http://{self.headers["Host"]}/token",service="lab",scope="repository:team/shop:pull"'
            )
            self._say(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": realm})

    def _say(self, status: HTTPStatus, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Stay silent."""


@contextmanager
def token_registry() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Run one; yield its host, and the paths and Authorization headers it saw."""
    seen: list[tuple[str, str]] = []
    handler = type("Handler", (_TokenRegistry,), {"seen": seen})
    server = ThreadingHTTPServer(("localhost", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"localhost:{server.server_port}", seen
    server.shutdown()
    server.server_close()
    thread.join()


def _certificate(path: Path) -> tuple[Path, Path]:
    key = path.with_suffix(".key")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", str(key), "-out", str(path))
    named = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run(("openssl", "req", "-x509", *made, *named), check=True, capture_output=True)
    return path, key


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "the registry does not answer"
        time.sleep(0.02)
