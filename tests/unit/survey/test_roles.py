"""Names that state roles keep them; neutral names take turns."""

from __future__ import annotations

import pytest

from steps.survey.roles import stable_by_name


@pytest.mark.parametrize(
    ("first", "second", "stable"),
    [
        ("cart-stable", "cart-canary", "cart-stable"),
        ("cart", "cart-canary", "cart"),
        ("cart-primary", "cart", "cart-primary"),
        ("cart-production", "cart-preview", "cart-production"),
        ("cart-v1", "cart-v2", ""),
        ("cart-blue", "cart-green", ""),
        ("main-cart-v1", "main-cart-v2", ""),
        ("maintenance-a", "maintenance-b", ""),
    ],
)
def test_a_role_counts_where_the_names_differ(first: str, second: str, stable: str) -> None:
    """In either order; a word that both names have, or that is only part of a word, says nothing."""
    for one, other in ((first, second), (second, first)):
        assert (one == stable if stable else None) == stable_by_name((one,), (other,))
