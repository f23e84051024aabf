"""Image references: `registry.example:5000/team/shop:v2@sha256:…`."""

import re
from dataclasses import dataclass
from typing import Final

DOCKER_HUB: Final = "docker.io"
_HUB_NAMES: Final = {DOCKER_HUB, "index.docker.io", "registry-1.docker.io"}
_HUB_HOST: Final = "registry-1.docker.io"
_HUB_OFFICIAL: Final = "library"

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::[0-9]{{1,5}})?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an image.

    Attributes:
        name: host and path as they were written, to show and to pull by: "shop", "ghcr.io/team/shop".
        host: host of the API, with its port: "registry-1.docker.io" for images of Docker Hub.
        path: the repository there: "library/shop", "team/shop".
        tag: "latest" if neither tag nor digest was written, "" if only a digest was.
        digest: "sha256:…", or "".
    """

    name: str
    host: str
    path: str
    tag: str
    digest: str = ""

    @property
    def is_on_docker_hub(self) -> bool:
        """Whether the image is on Docker Hub, which config.json knows under other names."""
        return self.host == _HUB_HOST

    def by(self, digest: str) -> str:
        """Return the reference by which runtimes pull exactly this image."""
        return f"{self.name}@{digest}"


def parse(text: str) -> Reference:
    """Parse a reference.

    Raises:
        ValueError: it is not one; the message says which part is wrong and what is allowed.
    """
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise ValueError(f"{digest!r} after @ is not a digest: write sha256: and 64 hex digits")
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, ""
    elif not _TAG.fullmatch(tag):
        allowed = "at most 128 of A-Z, a-z, 0-9, '_', '.' and '-', not beginning with '.' or '-'"
        raise ValueError(f"{tag!r} is not a tag: {allowed}")
    host, path = _split(name)
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host!r} is not a registry: write host or host:port")
    if len(name) > _MAX_LENGTH or not _PATH.fullmatch(path):
        raise ValueError(
            f"{path!r} is not a repository: at most {_MAX_LENGTH} of a-z, 0-9, '.', '_' and '-' between slashes, in"
            " lower case"
        )
    return Reference(name, host, path, tag or ("" if digest else "latest"), digest)


def is_digest(text: str) -> bool:
    """Return whether a text is a digest, sha256 or sha512."""
    return _DIGEST.fullmatch(text) is not None


def _split(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return _HUB_HOST, name if slash else f"{_HUB_OFFICIAL}/{name}"
    if first in _HUB_NAMES:
        return _HUB_HOST, rest if "/" in rest else f"{_HUB_OFFICIAL}/{rest}"
    return first, rest
