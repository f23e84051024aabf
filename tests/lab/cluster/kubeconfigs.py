"""Kubeconfigs: one file with everything in it, so that it can be copied elsewhere."""

import base64
import os
from pathlib import Path

import yaml

from tests.lab.cluster.addresses import API_PORT, NODE
from tests.lab.cluster.certificates import CA, certificate, key


def write(path: Path, user: str, namespace: str = "default") -> Path:
    """Write the kubeconfig of a user who has a certificate."""
    credentials = {
        "client-certificate-data": _encoded(certificate(user)),
        "client-key-data": _encoded(key(user)),
    }
    return _write(path, user, credentials, namespace)


def write_token(path: Path, user: str, token: str, namespace: str = "default") -> Path:
    """Write the kubeconfig of a user who has a token."""
    return _write(path, user, {"token": token}, namespace)


def _write(path: Path, user: str, credentials: dict[str, str], namespace: str) -> Path:
    cluster = {"server": f"https://{NODE}:{API_PORT}", "certificate-authority-data": _encoded(CA)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user, "namespace": namespace}}],
        "current-context": "lab",
    }
    # Every test that enters the lab writes it anew, while others read it: helm takes an empty one for localhost:8080.
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    staged.touch(mode=0o600)
    staged.write_text(yaml.safe_dump(content, sort_keys=False))
    return staged.replace(path)


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
