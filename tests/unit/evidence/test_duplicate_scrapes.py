"""Counters that are scraped twice count once; separate counters are added up."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from steps.evidence.counters.duplicate_scrapes import DuplicateScrapes
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection
from steps.evidence.prometheus_api.samples import RawSeries
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Evidence
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus, Result, canned, counter, series

GW = {"pod": "gw-1", "namespace": "istio-system", "job": "mesh"}


def doubled(first: Mapping[str, str], second: Mapping[str, str], shift: float = 0.0) -> Result:
    """Make both arms' series as two scrapers see them; the second one scrapes this many seconds earlier."""
    found = []
    for arm, code, step in (("shop", "200", 9), ("shop-canary", "200", 2), ("shop-canary", "503", 2)):
        found.append(series(arm, counter(0, step), **{"response_code": code, **GW, **first}))
        earlier = {at - shift: value - step * shift for at, value in counter(100, step).items()} if shift else None
        values = {at: value - 100 for at, value in earlier.items()} if earlier else counter(0, step)
        found.append(series(arm, values, **{"response_code": code, **GW, **second}))
    return found


def read(requests: Result, reporter: str = "source", **options: Any) -> Evidence:
    """Read a run that began with the first sample."""
    return EvidenceReader(canned(requests, reporter=reporter), ARMS, bounds=Bounds(), **options).read(NOW - 5, NOW)


def said(evidence: Evidence) -> list[str]:
    """Return the notes about scrapers."""
    return [note for note in evidence.notes if "scraped more than once" in note]


def totals(evidence: Evidence) -> tuple[int, int, int]:
    """Return stable's requests, the canary's, and its failures."""
    strata = evidence.metrics[0].series[0].strata
    return (
        sum(one.stable.total for one in strata),
        sum(one.canary.total for one in strata),
        sum(one.canary.bad for one in strata),
    )


OTHER = (
    {"job": "annotations"},
    {"job": "annotations", "instance": "gw:15090"},
    {"instance": "10.0.0.7:15090"},
    {"endpoint": "stats"},
    {"container": "istio-proxy"},
    {"service": "gw-metrics"},
    {"prometheus": "monitoring/b"},
    {"prometheus_replica": "b"},
    {"replica": "b"},
    {"__replica__": "b"},
    {"job": "annotations", "app": "istio-ingressgateway", "pod_template_hash": "5c4"},
)


@pytest.mark.parametrize("other", OTHER)
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_each_request_counts_once_whichever_label_differs(other: dict[str, str], shift: float) -> None:
    """At the same moment or half an interval apart."""
    evidence = read(doubled({}, other, shift))
    assert (45, 20, 10) == totals(evidence)
    assert 1 == len(said(evidence))
    assert 1.0 == evidence.scrape_interval_seconds


def test_the_note_names_both_jobs() -> None:
    """A user can then remove one."""
    expected = (
        'the same counters are scraped more than once, as job="annotations" and job="mesh": each request counts once'
    )
    assert [expected] == said(read(doubled({}, {"job": "annotations"})))


@pytest.mark.parametrize("label", ["kubernetes_pod_name", "exported_pod", "pod_name"])
def test_any_pod_label_identifies_a_pod(label: str) -> None:
    """A job by annotations uses another label than an operator's job."""
    requests = doubled({}, {"job": "annotations", "instance": "10.0.0.7:15090"}, 0.5)
    for one in requests[1::2]:
        one["metric"][label] = one["metric"].pop("pod")
    assert (45, 20, 10) == totals(read(requests))


def test_without_a_pod_label_the_address_identifies_a_pod() -> None:
    """With another port."""
    requests = doubled({"instance": "10.0.0.7:15020"}, {"instance": "10.0.0.7:15090", "job": "b"}, 0.5)
    for one in requests:
        del one["metric"]["pod"]
    assert (45, 20, 10) == totals(read(requests))


@pytest.mark.parametrize(
    "other",
    [
        {"pod": "gw-2", "instance": "10.0.0.8:15020"},
        {"cluster": "us"},
        {"namespace": "other"},
    ],
)
def test_another_proxy_with_the_same_counts_is_another_proxy(other: dict[str, str]) -> None:
    """Another pod, cluster or namespace."""
    evidence = read(doubled({"cluster": "eu"} if "cluster" in other else {}, other))
    assert (90, 40, 20) == totals(evidence)
    assert [] == said(evidence)


def test_sums_by_class_that_lag_by_a_step_are_the_same() -> None:
    """Above the budget of series, samples are taken at fixed times, so one scraper's may be a scrape older."""
    requests = doubled({}, {"job": "annotations"})
    for one in requests[1::2]:
        one["values"] = [[at, str(max(0.0, float(value) - float(one["values"][1][1])))] for at, value in one["values"]]
    evidence = read(requests, series_budget=3)
    assert 1 == len(said(evidence))
    assert totals(evidence) in {(45, 20, 10), (36, 16, 8)}


def test_many_pods_are_compared_quickly() -> None:
    """Only scrapers with the same name or address are compared: a thousand take no longer than reading them."""
    doubles = DuplicateScrapes()
    doubles.add(
        RawSeries({"pod": f"pod-{i}", "instance": f"10.0.{i // 250}.{i % 250}:15020", "job": job}, ((1.0, 5.0),))
        for i in range(1000)
        for job in ("a", "b")
    )
    assert {2} == {len(group) for group in doubles.groups()}
    assert 1000 == len(doubles.groups())


def test_two_containers_of_one_pod_are_added_up() -> None:
    """Their values do not interleave, though their labels are the same."""
    requests = [
        series("shop", counter(0, 9), **GW, container="a"),
        series("shop", counter(3, 5), **GW, container="b"),
        series("shop-canary", counter(0, 2), **GW, container="a"),
        series("shop-canary", counter(40, 3), **GW, container="b"),
    ]
    evidence = read(requests)
    assert (70, 25, 0) == totals(evidence)
    assert [] == said(evidence)


def test_a_doubled_pod_of_stable_is_one_pod() -> None:
    """Two jobs scrape its own proxy; also a pod of the canary, which counts from 0."""
    requests = [
        series(arm, values, **{**GW, "pod": pod, "job": job, "instance": f"{pod}:15020"})
        for job in ("mesh", "annotations")
        for arm, pod, values in (
            ("shop", "pod-a", counter(0, 4)),
            ("shop", "pod-b", counter(7, 6)),
            ("shop-canary", "pod-c", {NOW - 1: 3.0, NOW: 5.0}),
        )
    ]
    evidence = read(requests, "destination")
    last = evidence.metrics[0].series[0].strata[-1]
    assert [4, 6] == [pod.total for pod in last.stable_pods]
    assert (50, 5, 0) == totals(evidence)


def test_if_the_chosen_scraper_falls_silent_the_other_takes_over() -> None:
    """Nothing counts twice; at most the requests of one scrape are lost."""
    first, second = {NOW - 20 + i: 9.0 * i for i in range(10)}, {NOW - 20.5 + i: 9.0 * i for i in range(21)}
    requests = [series("shop", first, **GW), series("shop", second, **{**GW, "job": "z"})]
    reader = EvidenceReader(canned(requests), ARMS, bounds=Bounds())
    evidence = reader.read(NOW - 30, NOW)
    stable, _, _ = totals(evidence)
    assert 9 * 19 <= stable <= 9 * 20
    assert NOW - 0.5 == evidence.until


def test_the_chosen_scraper_stays_while_it_reports() -> None:
    """An older or faster job does not take over."""
    requests = doubled({}, {"job": "annotations"}, 0.5)
    reader = EvidenceReader(prometheus := canned(requests), ARMS, bounds=Bounds())
    before = reader.read(NOW - 5, NOW)
    for one in requests:
        at, value = one["values"][-1]
        one["values"].append([at + 1.0, str(float(value) + 1.0)])
    prometheus.at = NOW + 1
    after = reader.read(NOW - 5, NOW + 1)
    ends = [[one.end for one in found.metrics[0].series[0].strata] for found in (before, after)]
    assert ends[0] == ends[1][:-1]
    assert (46, 22, 11) == totals(after)


def both(own: Result) -> CannedPrometheus:
    """Answer with the mesh's requests, and with the application's own series."""
    mesh = canned([series("shop", counter(0, 1))])
    return CannedPrometheus(lambda asked: own if "all_total" in asked else mesh.query(asked).result)


def test_custom_metrics_count_once_and_keep_their_own_labels() -> None:
    """An endpoint is a scraper's label or the application's: one scrape has both values of the application's."""

    def own(job: str, shift: float) -> Result:
        return [
            {
                "metric": {"__name__": "all_total", "pod": f"{arm}-7c9f8d6b5-x2v4z", "job": job, "namespace": "ns",
                           "instance": f"{arm}:80", "endpoint": endpoint},
                "values": [[at - shift, str(value - shift * step)] for at, value in counter(10, step).items()],
            }
            for arm in ("shop", "shop-canary")
            for endpoint, step in (("/a", 4), ("/b", 4))
        ]  # fmt: skip

    metric = CustomMetric("checkout", "shop", "shop-canary", Selection("bad_total"), Selection("all_total"))
    for answer, note in ((own("a", 0.0), False), (own("a", 0.0) + own("b", 0.5), True)):
        evidence = EvidenceReader(both(answer), ARMS, bounds=Bounds(), custom=(metric,)).read(NOW - 5, NOW)
        strata = evidence.metrics[-1].series[0].strata
        assert (40, 40) == (sum(one.stable.total for one in strata), sum(one.canary.total for one in strata))
        assert note is bool(said(evidence))


STEPS = some.lists(some.integers(0, 50), min_size=12, max_size=12)
PHASES = some.lists(some.integers(0, 19), min_size=2, max_size=4)


@given(steps=STEPS, failures=STEPS, phases=PHASES)
@settings(deadline=None)
def test_however_scrapers_interleave_no_request_counts_twice(
    steps: list[int], failures: list[int], phases: list[int]
) -> None:
    """Any counters, two to four scrapers, any phases: the count is what one of them saw."""

    def value(rises: list[int], at: float) -> float:
        whole, part = divmod(at, 1.0)
        return float(sum(rises[: int(whole)]) + int(rises[min(int(whole), 11)] * part))

    requests, seen = [], set()
    for job, phase in enumerate(phases):
        times = [i + phase / 20 for i in range(11)]
        labels = {**GW, "job": f"job-{job}"}
        for arm, code, rises in (("shop", "200", steps), ("shop-canary", "503", failures)):
            values = {NOW - 12 + at: 500.0 + value(rises, at) for at in times}
            requests.append(series(arm, values, **{"response_code": code, **labels}))
        seen.add(tuple(round(value(rises, times[-1]) - value(rises, times[0])) for rises in (steps, failures)))
    evidence = EvidenceReader(canned(requests), ARMS, bounds=Bounds()).read(NOW - 13, NOW)
    strata = evidence.metrics[0].series[0].strata
    assert (sum(one.stable.total for one in strata), sum(one.canary.bad for one in strata)) in seen
