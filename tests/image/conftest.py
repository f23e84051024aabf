"""The image under test, on whatever Docker engine is there, else on one that is started for the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import docker
import pytest
from testcontainers.core.config import testcontainers_config

from tests.lab.cluster import engine, images


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.DockerClient]:
    """Return a client of the engine; without one, the tests skip and say why."""
    if reason := engine.why_not():
        pytest.skip(reason)
    # Its helper container is an image of its own, which cannot be pulled everywhere; each test removes what it starts.
    testcontainers_config.ryuk_disabled = True
    with engine.borrowed() as address, pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DOCKER_HOST", address)
        client = docker.DockerClient(base_url=address)
        yield client
        client.close()


@pytest.fixture(scope="session")
def base(docker_client: docker.DockerClient) -> str:
    """Return the image that ours is built on."""
    return images.base()


@pytest.fixture(scope="session")
def image(base: str) -> str:
    """Return the product's image, built from this checkout."""
    return images.product(base_image=base)
