"""A namespace with what tekton/ ships, a registry that tells of pushes, and the listener that hears it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.e2e.push.pushes import Shop, forget, listener_of, objects
from tests.e2e.tekton import shipped
from tests.lab.cluster import daemons, images, tekton, triggers
from tests.lab.cluster.lab import ClusterLab
from tests.lab.triggers.messages import TOKEN

_PRODUCT = "canary-steps:push"
"""A name of its own, so that a lab used from several checkouts does not change the image under a running test."""


@pytest.fixture(scope="session")
def lab() -> Iterator[ClusterLab]:
    """Return a namespace of the lab's own cluster in which Tekton and Triggers are at work."""
    if os.environ.get("CANARY_TEST_KUBECONFIG"):
        pytest.skip("the registry and the listeners are parts of the lab's own cluster")
    if not daemons.is_running("kube-apiserver"):
        pytest.skip("no cluster runs; `make cluster` starts one")
    with ClusterLab(f"push-{random.randrange(10**6)}") as lab:
        tekton.up(lab.api)
        triggers.up(lab.api)
        yield lab


@pytest.fixture(scope="session")
def shop(lab: ClusterLab) -> Iterator[Shop]:
    """Return what pushes to the registry and looks at the runs: all shipped objects are there, the listener listens."""
    image = f"docker.io/library/{lab.registry.give(images.product(_PRODUCT))}"
    lab.api.apply(shipped.objects(image), lab.namespace)
    lab.api.apply(objects(lab.namespace), lab.namespace)
    lab.api.apply([listener_of("distribution")], lab.namespace)
    host = triggers.registry_up(TOKEN)
    triggers.listen(lab.api, "canary-push-distribution", lab.namespace, 0)
    yield Shop(lab, host)
    triggers.end(0)
    forget(lab, lab.namespace)
