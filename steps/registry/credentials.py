"""Credentials from a docker config.json, the content of a Secret of type kubernetes.io/dockerconfigjson."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from steps.errors import SettingsError
from steps.registry.reference import Reference

_HUB_KEYS: Final = ("index.docker.io/v1", "index.docker.io", "docker.io", "registry-1.docker.io")
_FILES: Final = (".dockerconfigjson", "config.json")
_MAX_BYTES: Final = 1 << 20
"""Of the file; a Secret holds no more."""

_DOING: Final = "reading the registry's credentials"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of an account at a registry or its token service.

    Attributes:
        username: "" where there is none.
        password: a password or an access token.
        identity_token: a refresh token, to exchange at the token service; Azure's registry issues such tokens.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def credentials_for(image: Reference, path: str) -> Credentials | None:
    """Return the credentials for an image, by the rules of kubelet: the longest matching key wins.

    Args:
        image: the image to look up.
        path: of the file, or of the folder into which a Secret is mounted; "" = anonymous.

    Returns:
        None if the file has no credentials for this registry; requests are then anonymous.

    Raises:
        SettingsError: the file cannot be read, or is not a config.json; the message never repeats its content.
    """
    if not path:
        return None
    content = _read(path)
    found = content.get("auths")
    entries = found if isinstance(found, Mapping) else {}
    keys = [key for key in entries if _matches(_plain(str(key)), image)]
    if keys:
        return _entry(path, max(keys, key=len), entries)
    helper = content.get("credsStore") or content.get("credHelpers")
    if helper and not entries:
        raise SettingsError(
            _DOING,
            f"--registry-config = {path!r}: names a credential helper, a program that does not exist here."
            " Create a Secret with kubectl create secret docker-registry, which holds the credentials themselves.",
        )
    return None


def _read(path: str) -> Mapping[str, Any]:
    file = Path(path)
    if file.is_dir():
        found = next((file / name for name in _FILES if (file / name).exists()), None)
        if found is None:
            return {}  # an optional Secret that does not exist is mounted as an empty folder
        file = found
    try:
        content = json.loads(_text(file))
    except OSError as error:
        raise SettingsError(_DOING, f"--registry-config = {str(file)!r}: {error.strerror}") from error
    except (ValueError, RecursionError):
        # The exception's text would repeat a part of the file.
        raise SettingsError(_DOING, f"--registry-config = {str(file)!r}: is not JSON; is it a config.json?") from None
    if not isinstance(content, dict):
        raise SettingsError(_DOING, f"--registry-config = {str(file)!r}: is not a config.json: it is not an object")
    return content


def _text(file: Path) -> str:
    with io.BufferedReader(io.FileIO(file)) as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("too large")
    return content.decode()


def _plain(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").rstrip("/")


def _matches(key: str, image: Reference) -> bool:
    if image.is_on_docker_hub and key in _HUB_KEYS:
        return True
    host, _, path = key.partition("/")
    if path in {"v1", "v2"}:  # `docker login` once wrote https://host/v1/
        path = ""
    return _same_host(host, image.host) and (not path or f"{image.path}/".startswith(f"{path}/"))


def _same_host(pattern: str, host: str) -> bool:
    """Compare label by label, so that * stands for exactly one label, as in kubelet."""
    name, _, port = pattern.partition(":")
    other, _, other_port = host.partition(":")
    labels, others = name.split("."), other.split(".")
    return port == other_port and len(labels) == len(others) and all(map(fnmatchcase, others, labels))


def _entry(path: str, key: str, entries: Mapping[str, Any]) -> Credentials:
    entry = entries[key] if isinstance(entries[key], Mapping) else {}
    username, password = str(entry.get("username", "")), str(entry.get("password", ""))
    if entry.get("auth"):
        try:
            username, _, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
        except ValueError:
            raise SettingsError(
                _DOING, f"--registry-config = {path!r}: auths[{key!r}].auth is not base64 of user:password"
            ) from None
    return Credentials(username, password, str(entry.get("identitytoken", "")))
