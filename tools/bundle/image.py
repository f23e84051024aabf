"""The bundle as an OCI image: one layer for each object, described by annotations; the same objects, the same bytes."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tools.charts.settings import VERSION

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
MOST_OBJECTS: Final = 20
"""Tekton's resolver refuses bundles with more layers."""


@dataclass(frozen=True)
class Blob:
    """Content with the entry by which a manifest names it."""

    content: bytes
    entry: Mapping[str, Any]


@dataclass(frozen=True)
class Image:
    """An image: its layers, its configuration and the manifest over both."""

    layers: tuple[Blob, ...]
    config: Blob
    manifest: bytes

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return digest_of(self.manifest)


def bundle(objects: Sequence[Mapping[str, Any]]) -> Image:
    """Return the bundle of some objects.

    Raises:
        ValueError: there are more than Tekton takes, or two of one kind have one name.
    """
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    if len(names) > MOST_OBJECTS:
        raise ValueError(f"{len(names)} objects, but Tekton takes at most {MOST_OBJECTS} in a bundle: make two bundles")
    if len(names) != len(set(names)):
        raise ValueError(f"two objects have the same kind and name: {sorted(names)}")
    archives = [_archive(one) for one in objects]
    layers = tuple(_layer(one, archive) for one, archive in zip(objects, archives, strict=True))
    # The objects run nowhere: only the image that they name has a platform.
    content = {
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(archive) for archive in archives]},
    }
    config = _blob(_json(content), _CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.entry,
        "layers": [one.entry for one in layers],
        "annotations": {"org.opencontainers.image.title": "canary-steps for Tekton",
                        "org.opencontainers.image.version": VERSION, "org.opencontainers.image.licenses": "Apache-2.0"},
    }  # fmt: skip
    return Image(layers, config, _json(manifest))


def digest_of(content: bytes) -> str:
    """Return the digest of a content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _layer(one: Mapping[str, Any], archive: bytes) -> Blob:
    described = {
        "dev.tekton.image.name": one["metadata"]["name"],
        "dev.tekton.image.kind": one["kind"].lower(),
        "dev.tekton.image.apiVersion": one["apiVersion"].rpartition("/")[2],
    }
    return _blob(gzip.compress(archive, mtime=0), _LAYER, annotations=described)


def _archive(one: Mapping[str, Any]) -> bytes:
    content = yaml.safe_dump(dict(one), sort_keys=False, allow_unicode=True).encode()
    entry = tarfile.TarInfo(one["metadata"]["name"])
    entry.size = len(content)
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(content))
    return found.getvalue()


def _blob(content: bytes, kind: str, **more: object) -> Blob:
    return Blob(content, {"mediaType": kind, "digest": digest_of(content), "size": len(content), **more})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
