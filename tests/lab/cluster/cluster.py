"""The whole cluster: up, and down again. Up is idempotent: what runs is left alone."""

import time

from tests.lab.cluster import (
    argo,
    build,
    certificates,
    cleanup,
    control_plane,
    engine,
    images,
    kernel,
    mesh,
    network,
    node,
    packages,
    prometheus,
)
from tests.lab.cluster.addresses import KUBECONFIG, STATE
from tests.lab.cluster.api import Api
from tests.lab.cluster.lock import one_at_a_time

_NEEDED = ("etcd", "kubernetes", "istio", "argo")
"""Modules without which there is no lab; the others are built by whoever wants them."""

_TESTED = (*_NEEDED, "tekton", "triggers")
"""Modules of the tests that run each time. Built before them: a compiler beside a release would be a load."""


def build_tested() -> None:
    """Build what `make e2e` needs and is not there."""
    with one_at_a_time():
        packages.install()
        build.build(_TESTED)


def up() -> Api:
    """Build what is missing, start what does not run, and return the way to the API server."""
    with one_at_a_time():
        packages.install()
        build.build(_NEEDED)
        cleanup.clean_after_crash()
        started = time.monotonic()
        STATE.mkdir(exist_ok=True)
        kernel.remember()
        kernel.forward_packets()
        network.up()
        # First, since its first sample takes it about six seconds.
        prometheus.up()
        certificates.make()
        api = control_plane.up()
        node.containers_up()
        engine.up()
        images.give_to_node(images.pause())
        node.up(api)
        mesh.up(api)
        argo.up(api)
        build.say(f"The cluster is up after {time.monotonic() - started:.1f} s; export KUBECONFIG={KUBECONFIG}")
        return api


def down() -> None:
    """Leave nothing behind but the cache."""
    with one_at_a_time():
        cleanup.down()
