"""The image under test, on an existing Docker engine, or else on one that is started for the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from testcontainers.core.config import testcontainers_config
from testcontainers.core.docker_client import DockerClient

from tests.lab.cluster import engine, images
from tests.support.containers import Json

Describe = Callable[[str], Json]


@pytest.fixture(scope="session")
def describe() -> Iterator[Describe]:
    """Return a function that inspects an image by name; without an engine the tests are skipped with a reason."""
    if reason := engine.why_not():
        pytest.skip(reason)
    # The helper container of testcontainers cannot be pulled everywhere; each test removes what it starts.
    testcontainers_config.ryuk_disabled = True
    with engine.borrowed() as address, pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DOCKER_HOST", address)
        client = DockerClient().client
        yield lambda name: dict(client.images.get(name).attrs)
        client.close()


@pytest.fixture(scope="session")
def base(describe: Describe) -> str:
    """Return the image that ours is built on."""
    try:
        return images.base()
    except SystemExit as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def image(base: str) -> str:
    """Return the product's image, built from this checkout."""
    return images.product(base_image=base)
