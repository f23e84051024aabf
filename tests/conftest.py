"""The order of the files; every test begins with an unconfigured log that is bound to no step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

import pytest
import structlog
from hypothesis import HealthCheck, settings

# As if it were not installed: jsonschema would compile 38 grammars with it, for formats that no schema of ours has.
# That is a sixth of the time that each worker takes to collect the tests.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # so an import raises ImportError, says Python's manual

# A busy machine is not a finding, and a test that failed must fail again.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

_LEAD = 0.85
"""Part (0-1) of the order in which all files whose tests wait for the lab have begun."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the files whose tests wait for the lab with those that compute, so that processors are busy all the time."""
    files = [list(tests) for _, tests in groupby(items, lambda item: item.path)]
    waiting = [tests for tests in files if tests[0].get_closest_marker("integration")]
    computing = [tests for tests in files if not tests[0].get_closest_marker("integration")]
    # A test of the lab takes up to a minute: the last of them begins before the last of the others.
    places = [(_LEAD * number / len(waiting), tests) for number, tests in enumerate(waiting)]
    places += [(number / len(computing), tests) for number, tests in enumerate(computing)]
    places.sort(key=lambda place: place[0])
    items[:] = [item for _, tests in places for item in tests]


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    """Forget what a step of the last test bound, and the captured stream it logged to."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
