"""A late or dead istiod in the embedded mesh: the proxies keep the old state."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.integration.lab_mesh import MATCHED, OTHER, answering, ask, virtual_service
from tests.lab.embedded.lab import EmbeddedLab
from tests.support import manifests
from tests.support.kubernetes_api.kinds import SERVICE, VIRTUAL_SERVICE

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def revived(mesh_lab: EmbeddedLab) -> Iterator[None]:
    """Revive the control plane after each test."""
    yield
    mesh_lab.control_plane()


def test_a_late_control_plane_keeps_the_old_state_for_as_long_as_set(mesh_lab: EmbeddedLab) -> None:
    """The change arrives after the delay."""
    mesh_lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service("tardy", answering(MATCHED)))
    mesh_lab.wait_for(lambda: ask(mesh_lab, "tardy") == MATCHED, what="the route")
    mesh_lab.control_plane(delay_seconds=2.0)
    changed = time.monotonic()
    mesh_lab.api.store.change(VIRTUAL_SERVICE, "demo", "tardy", lambda _: virtual_service("tardy", answering(OTHER)))
    mesh_lab.wait_for(lambda: ask(mesh_lab, "tardy") == OTHER, what="the change")
    assert time.monotonic() - changed >= 1.9


def test_a_dead_control_plane_changes_nothing_until_it_is_revived(mesh_lab: EmbeddedLab) -> None:
    """Neither routes nor endpoints change, not even those under way when it died; later all of them at once."""
    mesh_lab.api.store.create(VIRTUAL_SERVICE, "demo", virtual_service("orphan", answering(MATCHED)))
    mesh_lab.wait_for(lambda: ask(mesh_lab, "orphan") == MATCHED, what="the route")
    mesh_lab.control_plane(delay_seconds=0.3)
    mesh_lab.api.store.change(VIRTUAL_SERVICE, "demo", "orphan", lambda _: virtual_service("orphan", answering(OTHER)))
    mesh_lab.control_plane(alive=False)
    mesh_lab.api.store.create(SERVICE, "demo", manifests.service("unheard", {"app": "shop"}))
    with mesh_lab.load(20, "orphan") as load:
        seen = load.wait_for(lambda view: len(view.records) >= 20)
    assert set(seen.statuses()) == {MATCHED}
    assert ask(mesh_lab, "unheard") == 404
    mesh_lab.control_plane()
    mesh_lab.wait_for(
        lambda: (ask(mesh_lab, "orphan"), ask(mesh_lab, "unheard")) == (OTHER, 200), what="what was missed"
    )
