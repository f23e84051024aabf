"""Every test begins with an unconfigured log that is bound to no step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _fresh_log() -> Iterator[None]:
    """Forget what a step of the last test bound, and the captured stream it logged to."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
