"""A kind of metric is defined in several rooms; none of them may forget it."""

import pytest

from steps.judge import Rules
from steps.judge.wording.phrases import what_is_bad
from steps.model.evidence import MetricKind, Series


@pytest.mark.parametrize("kind", MetricKind)
def test_each_kind_of_metric_has_a_floor_and_words(kind: MetricKind) -> None:
    """Custom metrics bring words of their own, so theirs are the general ones."""
    words = what_is_bad(kind, "the-metric", "ms", Series((), label="p99"))

    assert 0 < Rules().floors[kind] < 1
    assert (kind is MetricKind.CUSTOM) == ("bad in the-metric" in words)
