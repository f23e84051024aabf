"""Credentials come from a docker config.json as kubectl, Docker, Podman and Azure write it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from steps.errors import SettingsError
from steps.registry.credentials import Credentials, credentials_for
from steps.registry.reference import parse

SECRET = "s3cret"


def auth(user: str, secret: str = SECRET) -> dict[str, str]:
    """Return an entry as `docker login` writes it."""
    return {"auth": base64.b64encode(f"{user}:{secret}".encode()).decode()}


def written(folder: Path, content: Any, name: str = "config.json") -> str:  # noqa: ANN401 - JSON
    """Write a file, and return its path."""
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


def found(folder: Path, image: str, **auths: dict[str, str]) -> str:
    """Return the user that is found for an image."""
    credentials = credentials_for(parse(image), written(folder, {"auths": auths}))
    return credentials.username if credentials else ""


@pytest.mark.parametrize(
    ("key", "image", "matches"),
    [
        ("ghcr.io", "ghcr.io/team/shop:v2", True),
        ("https://ghcr.io", "ghcr.io/team/shop:v2", True),
        ("https://ghcr.io/v2/", "ghcr.io/team/shop:v2", True),
        ("ghcr.io/team", "ghcr.io/team/shop:v2", True),
        ("ghcr.io/team/shop", "ghcr.io/team/shop:v2", True),
        ("ghcr.io/tea", "ghcr.io/team/shop:v2", False),
        ("ghcr.io", "evil-ghcr.io/team/shop:v2", False),
        ("ghcr.io", "ghcr.io.evil.test/team/shop:v2", False),
        ("*.registry.test", "eu.registry.test/shop:v2", True),
        ("*.registry.test", "a.eu.registry.test/shop:v2", False),
        ("registry.test:5000", "registry.test:5000/shop:v2", True),
        ("registry.test", "registry.test:5000/shop:v2", False),
        ("https://index.docker.io/v1/", "shop:v2", True),
        ("docker.io", "team/shop:v2", True),
        ("https://index.docker.io/v1/", "ghcr.io/team/shop:v2", False),
    ],
)
def test_a_key_gives_its_secret_only_to_its_own_registry(tmp_path: Path, key: str, image: str, matches: bool) -> None:  # noqa: FBT001 - a table
    """By the rules of kubelet, since both use the same Secret."""
    assert ("ann" if matches else "") == found(tmp_path, image, **{key: auth("ann")})


def test_the_longest_key_wins(tmp_path: Path) -> None:
    """A team may have an account of its own."""
    auths = {"ghcr.io": auth("all"), "ghcr.io/team": auth("team"), "*.io": auth("any")}
    assert "team" == found(tmp_path, "ghcr.io/team/shop:v2", **auths)
    assert "all" == found(tmp_path, "ghcr.io/other/shop:v2", **auths)


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (auth("ann", "a:b"), Credentials("ann", "a:b")),
        ({"username": "ann", "password": "p"}, Credentials("ann", "p")),
        ({**auth("00000000", ""), "identitytoken": "refresh"}, Credentials("00000000", "", "refresh")),
    ],
)
def test_every_way_of_writing_an_entry_is_read(tmp_path: Path, entry: dict[str, str], wanted: Credentials) -> None:
    """A password may have a colon in it."""
    assert wanted == credentials_for(parse("ghcr.io/team/shop"), written(tmp_path, {"auths": {"ghcr.io": entry}}))


@pytest.mark.parametrize("name", [".dockerconfigjson", "config.json"])
def test_the_folder_of_a_mounted_secret_is_accepted(tmp_path: Path, name: str) -> None:
    """Its file is named after the key in the Secret."""
    written(tmp_path, {"auths": {"ghcr.io": auth("ann")}}, name)
    credentials = credentials_for(parse("ghcr.io/team/shop"), str(tmp_path))
    assert "ann" == (credentials.username if credentials else "")


def test_public_images_need_no_credentials(tmp_path: Path) -> None:
    """No file, an empty one, or one for other registries: anonymous."""
    assert credentials_for(parse("shop"), "") is None
    assert credentials_for(parse("shop"), str(tmp_path)) is None, "an optional Secret that is absent"
    contents: list[dict[str, Any]] = [{}, {"auths": {}}, {"auths": {"ghcr.io": auth("ann")}, "credsStore": "desktop"}]
    for content in contents:
        assert credentials_for(parse("shop"), written(tmp_path, content)) is None


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("s3cret{", "is not JSON"),
        ("[]", "is not an object"),
        ({"credsStore": "desktop"}, "credential helper"),
        ({"credHelpers": {"ghcr.io": "gh"}}, "kubectl create secret docker-registry"),
        ({"auths": {"ghcr.io": {"auth": "s3cret!"}}}, "is not base64"),
        (None, "No such file"),
    ],
)
def test_a_bad_file_is_refused_without_repeating_its_content(tmp_path: Path, content: Any, part: str) -> None:  # noqa: ANN401 - JSON
    """It holds secrets."""
    path = str(tmp_path / "missing") if content is None else written(tmp_path, content)
    with pytest.raises(SettingsError) as caught:
        credentials_for(parse("ghcr.io/team/shop"), path)
    assert part in str(caught.value)
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_no_secret_shows_in_a_log() -> None:
    """And none in a traceback."""
    assert "Credentials(username='ann')" == repr(Credentials("ann", "s3cret", "t0ken"))
