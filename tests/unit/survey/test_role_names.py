"""Names that state roles keep them; neutral names take turns."""

from __future__ import annotations

import pytest

from steps.survey.role_names import serving_name, state_roles


@pytest.mark.parametrize(
    ("stable", "canary", "states"),
    [
        ("cart-stable", "cart-canary", True),
        ("cart", "cart-canary", True),
        ("cart-primary", "cart", True),
        ("cart-production", "cart-preview", True),
        ("cart-v1", "cart-v2", False),
        ("cart-blue", "cart-green", False),
        ("main-cart-v1", "main-cart-v2", False),
        ("maintenance-a", "maintenance-b", False),
    ],
)
def test_a_role_counts_where_the_names_differ(stable: str, canary: str, *, states: bool) -> None:
    """A word that both names have, or that is only part of a word, says nothing."""
    assert states == state_roles(stable, canary)


def test_the_serving_name_is_found_in_either_order() -> None:
    """And none, where the names are neutral."""
    assert "cart/stable" == serving_name(("cart/canary", "cart/stable"))
    assert "cart/stable" == serving_name(("cart/stable", "cart/canary"))
    assert serving_name(("cart/v1", "cart/v2")) is None
