"""The stand-in API with a namespace `shop`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from steps.traffic.traffic import Traffic
from tests.support.kubernetes_api import StandInApi
from tests.support.shop_namespace import ShopNamespace


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopNamespace]:
    """Return the empty namespace."""
    with StandInApi(namespaces=("shop", "other")) as api:
        yield ShopNamespace(api, tmp_path)


@pytest.fixture
def traffic(shop: ShopNamespace) -> Traffic:
    """Return the front class, as one process has it."""
    return shop.traffic()
