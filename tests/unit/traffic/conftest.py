"""The stand-in API with a namespace `shop`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from steps.traffic import Traffic
from tests.lab.embedded.api import StandInApi
from tests.unit.traffic.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Return the empty namespace."""
    with StandInApi(namespaces=("shop", "other")) as api:
        yield Shop(api, tmp_path)


@pytest.fixture
def traffic(shop: Shop) -> Traffic:
    """Return the front class, as one process has it."""
    return shop.traffic()
