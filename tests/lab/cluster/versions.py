"""Versions of the demo app on the node: they differ in their environment alone, so no layer is copied.

A version is an image index of a few hundred bytes, written here by the rules of the OCI image layout; its layers are
those of the demo app, which the node has already. That takes 0.1 s; a copy would take 8 s.
"""

import hashlib
import io
import json
import tarfile

from tests.lab.cluster import images, node
from tests.lab.cluster.api import Json

_NAME = "io.containerd.image.name"


def publish(reference: str, environment: dict[str, str]) -> None:
    """Make `reference` the demo app with these variables set; a tag that exists is moved."""
    base = images.demo_app()
    images.give_to_node(base)
    manifest = _content(_digest_of(f"docker.io/{base}"))
    described = _content(manifest["config"]["digest"])
    kept = [one for one in described["config"]["Env"] if one.partition("=")[0] not in environment]
    described["config"]["Env"] = kept + [f"{name}={value}" for name, value in environment.items()]
    config = json.dumps(described).encode()
    manifest["config"] |= _described(config)
    written = json.dumps(manifest).encode()
    listed = {"mediaType": manifest["mediaType"], **_described(written)}
    listed["annotations"] = {_NAME: f"docker.io/{reference}"}
    index = json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode()
    files = {_path(written): written, _path(config): config, "index.json": index}
    node.images("import", "-", given=_archive({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', **files}))


def _digest_of(name: str) -> str:
    """Return the digest of an image's manifest."""
    _, line = node.images("list", f"name=={name}").splitlines()
    return line.split()[2]


def _content(digest: str) -> Json:
    found: Json = json.loads(node.ctr("content", "get", digest))
    return found


def _described(blob: bytes) -> Json:
    return {"digest": f"sha256:{hashlib.sha256(blob).hexdigest()}", "size": len(blob)}


def _path(blob: bytes) -> str:
    return f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"


def _archive(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()
