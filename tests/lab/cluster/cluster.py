"""The whole cluster: up, and down again. `up` is idempotent and leaves running parts alone."""

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
    reserved_port,
)
from tests.lab.cluster.addresses import KUBECONFIG, STATE
from tests.lab.cluster.api import Api
from tests.lab.cluster.lock import one_at_a_time

_NEEDED = ("etcd", "kubernetes", "istio", "argo")
"""Modules that the lab always needs; the others are built where they are needed."""

_TESTED = (*_NEEDED, "tekton", "tekton-resolvers", "triggers", "helm3", "helm4")
"""Modules that every run of the tests needs. They are built first: a compiler would slow releases down."""


def build_tested() -> None:
    """Build what `make e2e` needs and is missing."""
    with one_at_a_time():
        packages.install()
        build.build(_TESTED)


def up() -> Api:
    """Build and start what is missing, and return the client of the API server."""
    with one_at_a_time():
        packages.install()
        build.build(_NEEDED)
        cleanup.clean_after_crash()
        started = time.monotonic()
        STATE.mkdir(exist_ok=True)
        kernel.remember()
        kernel.forward_packets()
        network.up()
        reserved_port.reserve()
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
        build.say(f"The cluster is up ({time.monotonic() - started:.1f} s); export KUBECONFIG={KUBECONFIG}")
        return api


def down() -> None:
    """Take everything down except the cache."""
    with one_at_a_time():
        cleanup.down()
