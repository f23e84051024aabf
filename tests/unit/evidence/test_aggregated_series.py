"""Sums over pods: a drop is unknown, never new requests; restarted counters count as usual."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from steps.evidence.counters.aggregated_series import aggregating_scrapers, is_aggregated
from steps.evidence.counters.counter_resets import Drop, classify_drop
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.prometheus_api.samples import RawSeries
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Evidence
from tests.support.canned_prometheus import ARMS, NOW, Result, canned, counter, series
from tests.unit.evidence.test_counter_deltas import counter_deltas, increases

FIELD = [(1000.0, 10000.0), (1015.0, 10100.0), (1030.0, 6080.0), (1045.0, 6150.0)]
"""A recorded sum that loses a pod, as observed in production."""


def counted(samples: list[tuple[float, float]], since: float = 900.0) -> list[tuple[float, float]]:
    """Return (time, increase) of a series that has an instance, as a federation's has."""
    deltas = counter_deltas()
    deltas.add([RawSeries({"code": "500", "instance": "gw"}, tuple(samples))], since)
    return increases(deltas)


def test_a_pod_that_leaves_a_sum_adds_no_requests() -> None:
    """Increases 100, unknown, 70."""
    assert [(1015.0, 100.0), (1045.0, 70.0)] == counted(FIELD)


def test_a_replica_that_lags_behind_is_not_a_restart() -> None:
    """The next increase counts from the largest value: each request once."""
    samples = [(1000.0, 10000.0), (1015.0, 10100.0), (1030.0, 10095.0), (1045.0, 10195.0)]
    assert [(1015.0, 100.0), (1045.0, 95.0)] == counted(samples)


def test_a_pod_that_returns_to_a_sum_adds_at_most_its_new_requests() -> None:
    """It was missing for one scrape; its old requests are not new."""
    samples = [*FIELD, (1060.0, 10250.0), (1075.0, 10350.0)]
    assert [(1015.0, 100.0), (1045.0, 70.0), (1075.0, 100.0)] == counted(samples)


def test_a_drop_of_a_sum_is_counted_as_unknown() -> None:
    """Besides the first sample, whose past is unknown."""
    deltas = counter_deltas()
    deltas.add([RawSeries({"code": "500", "instance": "gw"}, tuple(FIELD))], 900.0)
    assert (2, {(("instance", "gw"),)}) == (deltas.dropped, deltas.sums)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param([(1000, 5000), (1015, 5100), (1030, 40)], [(1015, 100), (1030, 40)], id="a restarted proxy"),
        pytest.param([(1000, 5000), (1015, 5100), (1075, 390)], [(1015, 100), (1075, 390)], id="after a minute away"),
        pytest.param([(1000, 5000), (1015, 5100), (1030, 900)], [(1015, 100), (1030, 900)], id="callers try again"),
        pytest.param([(1000, 400), (1015, 400), (1030, 15)], [(1030, 15)], id="an idle one"),
        pytest.param([(1000, 3), (1015, 2), (1030, 1)], [(1015, 2), (1030, 1)], id="few requests, many restarts"),
    ],
)
def test_restarts_count_in_full(samples: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    """The new value is the number of requests since."""
    assert expected == counted(samples)


def test_a_restart_in_an_outage_counts_every_failure() -> None:
    """The successes are gone after it, and the failures hardly dropped: alone they would look like a sum."""
    good = RawSeries({"code": "200", "instance": "gw"}, ((1000.0, 9000.0), (1015.0, 9150.0)))
    bad = RawSeries({"code": "500", "instance": "gw"}, ((1000.0, 100.0), (1015.0, 100.0), (1030.0, 80.0)))
    deltas = counter_deltas()
    deltas.add([good, bad], 900.0)
    assert [(1030.0, 80.0)] == increases(deltas)


def test_a_new_pod_that_restarts_at_once_counts_both_lives() -> None:
    """Its first scrape shows how much a scrape may add."""
    deltas = counter_deltas(newborn=True)
    deltas.add([RawSeries({"code": "500", "instance": "gw"}, ((1000.0, 90.0), (1015.0, 60.0)))], 900.0)
    assert [(1000.0, 90.0), (1015.0, 60.0)] == increases(deltas)
    assert set() == deltas.sums


def test_the_counts_do_not_depend_on_when_responses_arrive() -> None:
    """In one response or scrape by scrape."""
    whole = counted(FIELD)
    deltas = counter_deltas()
    for at, value in FIELD:
        deltas.add([RawSeries({"code": "500", "instance": "gw"}, ((at, value),))], 900.0)
    assert whole == increases(deltas)


@pytest.mark.parametrize(
    ("before", "after", "usual", "expected"),
    [
        (50.0, 20.0, 0.0, Drop.RESTART),
        (10100.0, 4000.0, 100.0, Drop.LOSS),
        (10100.0, 4000.0, None, Drop.RESTART),
        (10100.0, 1000.0, 100.0, Drop.RESTART),
        (10100.0, 6080.0, None, Drop.LOSS),
        (10100.0, 10095.0, None, Drop.SLIGHT),
        (200.0, 150.0, 100.0, Drop.RESTART),
    ],
)
def test_each_drop_is_classified(before: float, after: float, usual: float | None, expected: Drop) -> None:
    """At the limits."""
    assert expected is classify_drop(before, after, usual)


class Pod:
    """A pod in a sum: its counter, and when it joins and leaves (numbers of scrapes)."""

    def __init__(self, joins: int, stays: int, rates: list[int]) -> None:
        self.joins, self.goes, self._rates = joins, joins + stays, rates

    def value(self, scrape: int) -> int:
        """Return its counter, which began at 0 when it joined."""
        return sum(self._rates[i % len(self._rates)] for i in range(self.joins, min(scrape, self.goes)))

    def is_there(self, scrape: int) -> bool:
        """Return whether it is in the sum."""
        return self.joins <= scrape < self.goes


PODS = some.lists(
    some.builds(
        Pod, some.integers(0, 12), some.integers(1, 30), some.lists(some.integers(0, 500), min_size=1, max_size=4)
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(PODS)
@settings(deadline=None)
def test_sums_never_invent_requests(pods: list[Pod]) -> None:
    """Pods come and go at any time: each scrape counts at most the requests of the pods that are present."""
    scrapes = [i for i in range(20) if any(pod.is_there(i) for pod in pods)]
    samples = [(1000.0 + i, float(sum(pod.value(i) for pod in pods if pod.is_there(i)))) for i in scrapes]
    deltas = counter_deltas()
    one = RawSeries({"code": "500"}, tuple(samples))
    deltas.sums.add(one.scraper)
    deltas.add([one], 900.0)
    found = dict(deltas.increases[()])
    for before, after in pairwise(scrapes):
        true = sum(pod.value(after) - pod.value(before) for pod in pods if pod.is_there(after))
        assert sum(found[1000.0 + after].values()) <= true


@pytest.mark.parametrize("label", ["instance", "pod", "kubernetes_pod_name", "exported_pod", "pod_name"])
def test_a_series_with_an_identity_is_not_a_sum(label: str) -> None:
    """With any of these labels; an empty one names nothing."""
    assert [False, True, True] == [is_aggregated({label: "x"}), is_aggregated({label: ""}), is_aggregated({})]


@pytest.mark.parametrize(
    ("reporter", "label", "expected"),
    [
        ("source", "source_workload", True),
        ("destination", "destination_workload", True),
        ("source", "destination_workload", False),
        ("destination", "source_workload", False),
        ("waypoint", "source_workload", False),
    ],
)
def test_a_target_that_is_more_than_one_workload_is_a_sum(reporter: str, label: str, expected: bool) -> None:  # noqa: FBT001 - parametrized
    """A federation's instance is its Prometheus; a proxy calls many workloads but is one."""
    labels = {"instance": "prometheus:9090", "reporter": reporter}
    series = [RawSeries({**labels, label: value}, ((1.0, 5.0), (2.0, 6.0))) for value in ("a", "unknown", "b")]
    assert [False, expected] == [bool(aggregating_scrapers(found)) for found in (series[:2], series)]


def test_an_address_that_moves_to_another_pod_is_not_a_sum() -> None:
    """No scrape has both workloads."""
    labels = {"instance": "10.0.0.7:15020", "reporter": "destination"}
    found = [
        RawSeries({**labels, "destination_workload": value}, ((at, 5.0),)) for value, at in (("a", 1.0), ("b", 2.0))
    ]
    assert set() == aggregating_scrapers(found)


def read(requests: Result, reporter: str = "destination") -> Evidence:
    """Read once."""
    return EvidenceReader(canned(requests, reporter=reporter), ARMS, bounds=Bounds()).read(NOW - 3, NOW)


def bare(requests: Result) -> Result:
    """Remove the labels that name a target."""
    for one in requests:
        del one["metric"]["instance"]
    return requests


def test_the_judgement_says_that_sums_were_read() -> None:
    """Then pods cannot be told apart, and a canary's first sample may be old."""
    falling = {NOW - 5: 9000.0, NOW - 4: 9100, NOW - 3: 9200, NOW - 2: 5230, NOW - 1: 5300, NOW: 5370}
    evidence = read(bare([series("shop", falling), series("shop-canary", counter(0, 5))]))
    strata = evidence.metrics[0].series[0].strata
    assert [100, 100, 0, 70, 70] == [one.stable.total for one in strata]
    assert {()} == {one.stable_pods for one in strata}
    assert any(note.startswith("errors: the series are sums over pods") for note in evidence.notes)


def test_pods_are_not_sums() -> None:
    """There is no note, and each pod is separate."""
    evidence = read([series("shop", counter(0, 4), "pod-a", reporter="destination"),
                     series("shop-canary", {NOW: 2}, "pod-b", reporter="destination")])  # fmt: skip
    assert not any("sums" in note for note in evidence.notes)
    assert 1 == len(evidence.metrics[0].series[0].strata[-1].stable_pods)
