"""Publishes versions of the demo app: on the lab's own node, or by the user's command."""

import json
import os
import shlex
import subprocess

from tests.lab.cluster import engine, images, versions
from tests.lab.embedded.app.knobs import Knobs

LOADER = "CANARY_TEST_IMAGE_LOADER"
"""For an existing cluster: a command that takes image references, such as `kind load docker-image`."""


class Registry:
    """Builds images with the local engine and copies them to the cluster."""

    def __init__(self, *, is_own_node: bool) -> None:
        self._is_own_node = is_own_node

    def push(self, reference: str, *, version: str = "", **knobs: float | bool) -> str:
        """Publish an image of the demo app as `repository:tag`; knobs as in `tests.lab.embedded.app.knobs.Knobs`."""
        Knobs().changed(**knobs)  # refuses what the app does not know
        environment = {"VERSION": version or reference.rpartition(":")[2], "KNOBS": json.dumps(knobs)}
        if self._is_own_node:
            versions.publish(reference, environment)
            return reference
        return self.give(images.version_of_app(reference, environment))

    def push_product(self, reference: str = images.PRODUCT) -> str:
        """Publish the product's image, built from this checkout; return its reference."""
        return self.give(images.product(reference))

    def give(self, reference: str) -> str:
        """Copy an image of the local engine to the cluster."""
        if self._is_own_node:
            images.give_to_node(reference)
        elif command := os.environ.get(LOADER):
            address = {"DOCKER_HOST": engine.up()}
            subprocess.run((*shlex.split(command), reference), check=True, env={**os.environ, **address})
        return reference
