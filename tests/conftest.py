"""Every test begins with an unconfigured log that is bound to no step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# A busy machine is not a finding, and a test that failed must fail again.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    """Forget what a step of the last test bound, and the captured stream it logged to."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
