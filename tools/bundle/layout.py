"""The image as an OCI layout in one tar file, as `skopeo copy oci-archive:…` and `crane push` take it."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tools.bundle.image import MANIFEST, Image, digest_of


def write_layout(image: Image, path: Path, tag: str) -> None:
    """Write the layout; equal images give equal files.

    Args:
        image: to write.
        path: of the tar file; its folder is made.
        tag: of the image in the layout.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in _files(image, tag):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def _files(image: Image, tag: str) -> Iterator[tuple[str, bytes]]:
    named = {"mediaType": MANIFEST, "digest": image.digest, "size": len(image.manifest)}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{**named, "annotations": {"org.opencontainers.image.ref.name": tag}}],
    }
    yield "oci-layout", b'{"imageLayoutVersion":"1.0.0"}'
    yield "index.json", json.dumps(index).encode()
    for content in (image.manifest, image.config.content, *(layer.content for layer in image.layers)):
        yield f"blobs/{digest_of(content).replace(':', '/')}", content
