"""The page about Helm shows the example as it is."""

from __future__ import annotations

from tools.charts import example_diff


def test_the_page_shows_the_difference_of_both_charts() -> None:
    """`make docs` was run after the last change of examples/helm/shop."""
    text = example_diff.PAGE.read_text(encoding="utf-8")
    assert example_diff.page(text) == text
    assert "+dependencies:" in example_diff.difference()
    assert "-  weights: {v1: 90, v2: 10}" in text
