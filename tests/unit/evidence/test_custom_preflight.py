"""Custom metrics are looked up for stable before any traffic moves: a typo is not mistaken for silence."""

import re
from typing import Any

import pytest

from steps.errors import PermanentError
from steps.evidence.definitions.custom_arms import CustomMetricContext
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection
from steps.evidence.preflight.custom_metrics import Findings, check_custom_metrics
from steps.evidence.reader import EvidenceReader
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus

CARD = {"kind": "card"}
PAIR = CustomMetric("checkout", "shop", "shop-canary", Selection("failed_total", CARD), Selection("all_total", CARD))
TIMES = CustomMetric("search", "shop", "shop-canary", histogram=Selection("seconds_bucket"), bound=0.5, unit="s")
AROUND = CustomMetricContext("ns")
STABLES = 'pod=~"shop-[a-z0-9]+-[a-z0-9]+",namespace="ns"'


def prometheus(**found: int) -> CannedPrometheus:
    """Count series by a pattern of the query's metric and of whether it names stable's pods."""

    def answer(promql: str) -> list[dict[str, Any]]:
        if "__name__" in promql:
            return []
        name = re.findall(r"([a-z_]+)\{", promql)[0]
        count = found.get(f"{name}_of_stable" if "pod=~" in promql else name, 0)
        if "by (pod)" in promql:
            return [{"metric": {"pod": f"shop-6d4cf56db6-{i:05}"}, "value": [NOW, "1"]} for i in range(count)]
        if "by (le)" in promql:
            bounds = ("0.1", "1.0", "+Inf")
            return [{"metric": {"le": bound}, "value": [NOW, "3"]} for bound in bounds]
        return [{"metric": {}, "value": [NOW, str(count)]}] if count else []

    return CannedPrometheus(answer)


def test_series_of_stable_are_fine() -> None:
    """One query for all events, one for the bad ones."""
    known = prometheus(all_total_of_stable=2, failed_total=1)
    assert Findings() == check_custom_metrics(known, [PAIR], AROUND)
    assert [f'count by (pod) (all_total{{{STABLES},kind="card"}})', 'count(failed_total{kind="card"})'] == known.asked


def test_a_metric_that_does_not_exist_is_a_fault() -> None:
    """The sentence names the series, and `required: false` for metrics that may be missing."""
    found = check_custom_metrics(prometheus(), [PAIR], AROUND).faults
    assert 1 == len(found)
    assert found[0].startswith("metric checkout: Prometheus has no series all_total at all: check its name, and that")
    assert found[0].endswith(" or set `required: false` if it may be missing")


def test_series_of_other_apps_only_blame_the_labels() -> None:
    """The name is right, so a matcher is wrong."""
    found = check_custom_metrics(prometheus(all_total=7), [PAIR], AROUND).faults
    assert 1 == len(found)
    assert f'has 7 series all_total, but none of stable\'s (all_total{{{STABLES},kind="card"}})' in found[0]


def test_an_optional_metric_without_series_is_only_a_warning() -> None:
    """`required: false`: some promotions sell nothing."""
    optional = CustomMetric("rare", "shop", "shop-canary", PAIR.bad, PAIR.every, required=False)
    found = check_custom_metrics(prometheus(failed_total=1), [optional], AROUND)
    assert ((), 1) == (found.faults, len(found.warnings))
    assert "required: false" not in found.warnings[0]


def test_a_failure_that_never_happened_is_only_a_warning() -> None:
    """Its counter appears with the first failure; the warning says that a wrong name looks the same."""
    found = check_custom_metrics(prometheus(all_total_of_stable=2), [PAIR], AROUND)
    assert ((), 1) == (found.faults, len(found.warnings))
    assert 'no series failed_total{kind="card"} yet. That is fine if no event was ever bad' in found.warnings[0]


def test_a_bound_without_a_bucket_is_a_fault_that_lists_the_bounds() -> None:
    """In either spelling of numbers."""
    known = prometheus(seconds_bucket_of_stable=3)
    found = check_custom_metrics(known, [TIMES], AROUND).faults
    right = CustomMetric("search", "shop", "shop-canary", histogram=Selection("seconds_bucket"), bound=1.0)
    assert "seconds_bucket has no bucket bound 0.5, so nothing can be counted there; its bounds are 0.1, 1" in found[0]
    assert Findings() == check_custom_metrics(known, [right], AROUND)


def test_all_faults_come_in_one_refusal() -> None:
    """A user wants to correct the file only once."""
    reader = EvidenceReader(prometheus(), ARMS, custom=(PAIR, TIMES))
    with pytest.raises(PermanentError, match=r"custom metrics.*metric checkout:.*; metric search:"):
        reader.check_custom()
    assert () == EvidenceReader(prometheus(), ARMS).check_custom()
