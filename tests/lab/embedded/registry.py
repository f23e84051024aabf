"""The image registry's stand-in: a reference resolves to a digest, a digest to the behaviour of the app."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from tests.lab.embedded.app.knobs import Knobs


@dataclass(frozen=True)
class Image:
    """The content behind a digest."""

    repository: str
    digest: str
    version: str
    knobs: Knobs

    @property
    def by_digest(self) -> str:
        """Return the reference by digest."""
        return f"{self.repository}@{self.digest}"


class Registry:
    """Tags, which can be moved, and digests, which cannot."""

    def __init__(self) -> None:
        self._by_reference: dict[str, Image] = {}

    def push(self, reference: str, *, version: str = "", **knobs: float | str | bool) -> Image:
        """Publish an image as `repository:tag`, moving the tag if it exists; knobs as in `app.knobs.Knobs`.

        `version` is what users see in the header x-version; by default the tag.
        """
        repository, _, tag = reference.rpartition(":")
        behaviour = Knobs().changed(**knobs)
        version = version or tag
        digest = "sha256:" + hashlib.sha256(json.dumps([repository, version, asdict(behaviour)]).encode()).hexdigest()
        image = Image(repository, digest, version, behaviour)
        self._by_reference |= {reference: image, image.by_digest: image}
        return image

    def remove(self, reference: str) -> None:
        """Unpublish a reference: pulls of it fail from now on."""
        self._by_reference.pop(reference, None)

    def resolve(self, reference: str) -> Image | None:
        """Return the image behind a reference (`repository:tag@digest` goes by the digest), or None."""
        name, at, digest = reference.partition("@")
        if at:
            repository = name if ":" not in name.rsplit("/", 1)[-1] else name.rpartition(":")[0]
            return self._by_reference.get(f"{repository}@{digest}")
        has_tag = ":" in name.rsplit("/", 1)[-1]
        return self._by_reference.get(name if has_tag else f"{name}:latest")


class Node:
    """Images that the one node has pulled."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._pulled: dict[str, Image] = {}

    def pull(self, reference: str, policy: str) -> Image | None:
        """Return the image by the semantics of imagePullPolicy, or None where it cannot be pulled."""
        cached = self._pulled.get(reference)
        if policy == "Never" or (policy == "IfNotPresent" and cached is not None):
            return cached
        image = self._registry.resolve(reference)
        if image is not None:
            self._pulled |= {reference: image, image.by_digest: image}
        return image
