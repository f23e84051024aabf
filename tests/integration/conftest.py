"""One embedded lab for all integration tests; each test deploys an app of its own, so their order does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.local_servers import LocalServer, LocalServers, Pki

Deploy = Callable[..., LabApp]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the test that waits for a minute, so that the others run beside it."""
    items.sort(key=lambda item: item.path.name != "test_low_traffic.py")


@pytest.fixture(scope="session")
def shared_lab() -> Iterator[EmbeddedLab]:
    """Return the lab that tests share; a test that would disturb others (by killing Prometheus) needs its own lab."""
    with EmbeddedLab() as lab:
        yield lab


@pytest.fixture(scope="session")
def mesh_lab() -> Iterator[EmbeddedLab]:
    """Return a lab for tests of the mesh itself, with one pod of `shop` and one of `shop-canary`, at weight 0."""
    with EmbeddedLab() as lab:
        lab.registry.push("demo/shop:v1")
        lab.registry.push("demo/shop:v2")
        lab.deploy_app(replicas=1)
        lab.deploy_canary()
        lab.wait_until_rolled_out("shop-canary")
        yield lab


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Make all certificates once."""
    made = Pki(tmp_path_factory.mktemp("pki"))
    made.make_all()
    return made


@pytest.fixture
def serve() -> Iterator[Callable[..., LocalServer]]:
    """Return a function that starts a server which gives the same answer to every request."""
    servers = LocalServers()
    yield servers.start
    servers.stop()


@pytest.fixture
def deploy(shared_lab: EmbeddedLab, tmp_path: Path) -> Iterator[Deploy]:
    """Return a function that deploys an app of one pod by name: versions v1 (running) and v2 are published."""
    apps: list[LabApp] = []

    def deployed(name: str, **options: Any) -> LabApp:
        apps.append(deploy_to(shared_lab, name, tmp_path, **options))
        return apps[-1]

    yield deployed
    for app in apps:
        app.remove()
    shared_lab.api.faults.clear()


def deploy_to(lab: EmbeddedLab, name: str, folder: Path, **options: Any) -> LabApp:
    """Deploy an app to a lab and wait until Prometheus knows it."""
    app = LabApp(lab, name, folder)
    app.push("v2")
    lab.deploy_app(name, app.push("v1"), **{"replicas": 1, **options})
    if options.get("wait", True):
        app.wait_until_known()
    app.mark()
    return app
