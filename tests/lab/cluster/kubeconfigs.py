"""Kubeconfigs: one file with everything in it, so that it can be copied elsewhere."""

import base64
from pathlib import Path

import yaml

from tests.lab.cluster.certificates import CA, certificate, key
from tests.lab.cluster.places import API_PORT, NODE


def write(path: Path, user: str, namespace: str = "default") -> Path:
    """Write the kubeconfig of a user who has a certificate."""
    cluster = {"server": f"https://{NODE}:{API_PORT}", "certificate-authority-data": _encoded(CA)}
    credentials = {
        "client-certificate-data": _encoded(certificate(user)),
        "client-key-data": _encoded(key(user)),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user, "namespace": namespace}}],
        "current-context": "lab",
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
