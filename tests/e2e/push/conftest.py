"""A namespace with the objects of tekton/, a registry that reports pushes, and the listener that receives them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.e2e.push.registry_pushes import PushedApp, listener_of, objects, remove_cluster_objects
from tests.e2e.tekton import installation
from tests.lab.cluster import tekton, triggers
from tests.lab.cluster.lab import ClusterLab
from tests.support.triggers.messages import TOKEN


@pytest.fixture(scope="session")
def lab(images: None) -> Iterator[ClusterLab]:
    """Return a namespace of the lab's own cluster in which Tekton and Triggers run."""
    with ClusterLab(f"push-{random.randrange(10**8)}") as lab:
        if not lab.is_own:
            pytest.skip("the registry and the listeners are parts of the lab's own cluster")
        tekton.up(lab.api)
        triggers.up(lab.api)
        yield lab


@pytest.fixture(scope="session")
def shop(lab: ClusterLab) -> Iterator[PushedApp]:
    """Return the pushed apps; all shipped objects are applied and the listener runs."""
    installation.install(lab)
    lab.api.apply(objects(lab.namespace), lab.namespace)
    lab.api.apply([listener_of("distribution")], lab.namespace)
    host = triggers.registry_up(TOKEN)
    triggers.listen(lab.api, "canary-push-distribution", lab.namespace, 0)
    yield PushedApp(lab, host)
    triggers.end(0)
    remove_cluster_objects(lab, lab.namespace)
