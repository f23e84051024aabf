"""What every end-to-end test begins with: a namespace of its own on the cluster, with the shipped YAML and an app."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest


from tests.e2e import diagnostics, order
from tests.e2e.setup import deploy_shop, publish, users_of
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests."""
    order.sort(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> order.ByGroup:
    """Keep the tests that share a listener, a controller or releases on one worker."""
    return order.ByGroup(config, log)


@pytest.fixture(scope="session")
def images() -> None:
    """Publish all images, once a session."""
    with ClusterLab(f"e2e-images-{random.randrange(10**6)}") as lab:
        publish(lab)


@pytest.fixture
def lab(images: None) -> Iterator[ClusterLab]:
    """Return a namespace in which the app `shop` serves, with all of workflows/base."""
    # The gateway keeps the counters of old namespaces, so every test has a new one.
    with ClusterLab(f"e2e-{random.randrange(10**8)}") as lab:
        deploy_shop(lab)
        yield lab


@pytest.fixture
def users(lab: ClusterLab) -> Iterator[Load]:
    """Return the users of `shop`: 50 requests a second."""
    with users_of(lab) as load:
        yield load


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add to a failure what an engineer would look at: workflows, logs of the steps, the VirtualServices."""
    outcome: Any = yield
    report = outcome.get_result()
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and isinstance(lab, ClusterLab):
        report.sections.extend(diagnostics.report_sections(lab))
