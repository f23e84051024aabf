"""Names, units and labels of the mesh's metrics: as configured, as found, and refused with the evidence."""

from __future__ import annotations

import pytest

from steps.evidence.definitions.bucket_bounds import latency_bounds
from steps.evidence.definitions.metric_names import ConfiguredNames, MeshMetrics, unit_by_bounds, unit_by_name
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.upstreams import Service, Upstreams
from steps.evidence.discovery.cluster_labels import cluster_labels_of_rows as worlds
from steps.evidence.discovery.cluster_labels import is_cluster_label, selected_sentence, unselected, unselected_sentence
from steps.evidence.discovery.duration_histogram import find_duration_histogram as find_durations
from steps.evidence.discovery.duration_histogram import objective_at
from steps.evidence.discovery.label_collisions import narrowing_of_rows as narrowed
from steps.evidence.preflight.mesh_metrics import MeshRequirements, check_mesh_metrics
from steps.evidence.preflight.similar_names import closest_names
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import LatencyObjective
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus, Result

OLD = (0.005, 0.01, 0.025, 0.1, 1.0, 10.0)
NEW = (0.5, 1.0, 5.0, 1000.0, 3_600_000.0)
BUCKETS = "istio_request_duration_milliseconds_bucket"


def histogram(name: str, bounds: tuple[float, ...]) -> CannedPrometheus:
    """Return a Prometheus that only has one histogram of stable, by reporter source."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        if promql.startswith("count by (__name__)"):
            return (
                [{"metric": {"__name__": name}, "value": [NOW, "4"]}] if f"{name}|" in promql.replace('"', "|") else []
            )
        if promql.startswith(f"count(histogram_count({name}{{"):
            return [{"metric": {}, "value": [NOW, "4"]}]
        if promql.startswith("count by (le)"):
            return [{"metric": {"le": f"{bound:g}"}, "value": [NOW, "1"]} for bound in bounds]
        return []

    return CannedPrometheus(answer)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        (BUCKETS, "ms"),
        ("istio_request_duration_seconds_bucket", "s"),
        ("workload:istio_request_duration_milliseconds_bucket", "ms"),
        ("request_time_ms_bucket", "ms"),
        ("request_time_bucket", None),
        ("sms_time_bucket", None),
    ],
)
def test_a_name_contains_its_unit(name: str, unit: str | None) -> None:
    """By whole words."""
    assert unit == unit_by_name(name)


@pytest.mark.parametrize(
    ("bounds", "unit", "surely"),
    [
        (OLD, "s", "s"),
        (NEW, "ms", "ms"),
        ((0.1, 0.5, 1.0, 5.0, 100.0), "s", None),
        ((1.0, 10.0, 60.0, 600.0, 3600.0), "ms", None),
        ((0.005, 1.0, 3600.0), None, None),
        ((0.0005, 1.0, 3600.0), "s", "s"),
        ((0.0005, 1.0, 10_000.0), None, None),
        ((10.0, 50.0, 100.0), None, None),
        ((), None, None),
        ((float("inf"),), None, None),
    ],
)
def test_bounds_show_the_unit(bounds: tuple[float, ...], unit: str | None, surely: str | None) -> None:
    """Bounds that contradict a name need more evidence."""
    assert (unit, surely) == (unit_by_bounds(bounds), unit_by_bounds(bounds, surely=True))


def test_configured_names_are_the_only_ones() -> None:
    """No other name is queried; recorded metrics are queried with the prefix of their rules."""
    assert ("a_bucket",) == ConfiguredNames(duration="a_bucket").durations
    recorded = ConfiguredNames(requests="workload:istio_requests_total")
    assert f"workload:{BUCKETS}" == recorded.durations[0]
    assert BUCKETS in recorded.durations
    assert MeshMetrics() == ConfiguredNames().names()
    assert "s" == ConfiguredNames().names("istio_request_duration_seconds_bucket").unit
    assert "istio_response_bytes_bucket" == ConfiguredNames(requests="other_total").names().response_bytes


@pytest.mark.parametrize(
    ("name", "bounds", "wanted", "part"),
    [
        (BUCKETS, OLD, ConfiguredNames(), "which are seconds, but its name says milliseconds: set --duration-unit s"),
        ("istio_request_duration_seconds_bucket", NEW, ConfiguredNames(), "which are milliseconds, but its name says"),
        (BUCKETS, OLD, ConfiguredNames(unit="ms"), "but --duration-unit says milliseconds"),
        ("t_bucket", (10, 50), ConfiguredNames(duration="t_bucket"), "could be milliseconds or seconds"),
        ("istio_request_duration_milliseconds", (), ConfiguredNames(), "always_scrape_classic_histograms: true"),
        ("t_bucket", OLD, ConfiguredNames(duration="t"), "t is not a bucket series: set --duration-metric t_bucket"),
    ],
)
def test_a_histogram_that_cannot_be_read_as_configured_is_refused(
    name: str, bounds: tuple[float, ...], wanted: ConfiguredNames, part: str
) -> None:
    """With its bounds as evidence and the flag to set."""
    with pytest.raises(EvidenceError) as caught:
        check_mesh_metrics(histogram(name, bounds), ARMS, MeshRequirements("auto", wanted), "")
    assert part in caught.value.problem.sentence


@pytest.mark.parametrize(
    ("name", "bounds", "wanted", "unit"),
    [
        (BUCKETS, NEW, ConfiguredNames(), "ms"),
        (BUCKETS, OLD, ConfiguredNames(unit="s"), "s"),
        ("istio_request_duration_seconds_bucket", OLD, ConfiguredNames(), "s"),
        ("t_bucket", OLD, ConfiguredNames(duration="t_bucket"), "s"),
        ("t_bucket", (10, 50), ConfiguredNames(duration="t_bucket", unit="ms"), "ms"),
    ],
)
def test_a_histogram_is_found_with_its_unit(
    name: str, bounds: tuple[float, ...], wanted: ConfiguredNames, unit: str
) -> None:
    """By its name, or by its bounds if the name contains no unit."""
    found = find_durations(histogram(name, bounds), ARMS, wanted)
    assert (name, unit, "", bounds) == (found.metrics.duration, found.metrics.unit, found.fault, found.bounds)


def test_a_mesh_without_durations_is_a_warning() -> None:
    """Errors can still be judged."""
    checked = check_mesh_metrics(histogram("nothing", ()), ARMS, MeshRequirements("auto", ConfiguredNames()), "")
    assert ["Prometheus has no histogram of stable's durations"] == [text[:49] for text in checked.warnings]


@pytest.mark.parametrize(
    ("name", "bounds", "limit", "part"),
    [
        ("istio_request_duration_seconds_bucket", OLD, 10_001, "10000 ms is its largest bound"),
        ("istio_request_duration_seconds_bucket", OLD, 10_001, "are 0.005, 0.01, 0.025, 0.1, 1, 10 s"),
        (BUCKETS, NEW, 3_600_001, "3.6e+06 ms is its largest bound"),
        ("nothing", (), 5, "it has no bounds at all. Lower"),
        ("nothing", (), 5, f"Prometheus has no {BUCKETS} of stable"),
    ],
)
def test_a_limit_beyond_the_buckets_is_refused(name: str, bounds: tuple[float, ...], limit: float, part: str) -> None:
    """With the bounds in the histogram's unit."""
    wanted = MeshRequirements("auto", ConfiguredNames(), LatencyObjective(0.99, limit))
    with pytest.raises(EvidenceError) as caught:
        check_mesh_metrics(histogram(name, bounds), ARMS, wanted, "")
    assert part in caught.value.problem.sentence


def test_a_limit_is_read_in_the_histograms_unit() -> None:
    """Prepare warns about a bound that is not the limit itself."""
    found = find_durations(histogram("istio_request_duration_seconds_bucket", OLD), ARMS, ConfiguredNames())
    exact, above = (objective_at(LatencyObjective(0.99, limit), found) for limit in (100, 500))
    assert exact is not None
    assert above is not None
    assert ((0.1, ""), 1.0) == ((exact.bound, exact.note), above.bound)
    assert objective_at(None, found) is None
    wanted = MeshRequirements("auto", ConfiguredNames(), LatencyObjective(0.99, 500))
    assert (above.note,) == check_mesh_metrics(
        histogram("istio_request_duration_seconds_bucket", OLD), ARMS, wanted, ""
    ).warnings


def test_an_le_that_is_not_a_number_is_left_out() -> None:
    """A strange label does not crash."""
    assert (("p50/p90/p99", 5.0),) == latency_bounds({"5": 10.0, "+Inf": 10.0, "": 3.0, "x": 3.0, "NaN": 1.0})


def test_similar_names_come_in_order() -> None:
    """Recorded names first; parts of histograms are not offered for counters."""
    known = [
        "http_requests_total",
        "workload:istio_requests_total",
        "istio_request_total",
        "istio_requests_bucket",
        "x",
    ]
    assert ("workload:istio_requests_total", "istio_request_total", "http_requests_total") == closest_names(
        "istio_requests_total", known
    )
    assert () == closest_names("istio_requests_total", ["up", "go_goroutines"])


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("cluster", True), ("tenant", True), ("env", True), ("environment", True), ("region", True),
        ("k8s_cluster", True),
        ("clusterName", True), ("tenant_id", True), ("datacenter", True), ("deployment_environment", True),
        ("app", False), ("version", False), ("pod_template_hash", False), ("source_cluster", False),
        ("destination_cluster", False), ("prometheus_replica", False), ("replica", False), ("job", False),
        ("team", False),
    ],
)  # fmt: skip
def test_cluster_labels_are_recognised_by_their_words(label: str, expected: bool) -> None:  # noqa: FBT001 - parametrized
    """Labels of Istio, of the target and of replicas are not."""
    assert expected == is_cluster_label(label)


def test_several_clusters_are_reported_with_the_flag_to_add() -> None:
    """Also where some of the series lack the label."""
    rows = [{"cluster": "eu", "app": "a"}, {"cluster": "us", "app": "b"}]
    assert {"cluster": ("eu", "us")} == worlds(rows)
    assert {"tenant": ("", "a")} == worlds([{"tenant": "a"}, {}])
    assert "cluster is eu or us" in unselected_sentence(worlds(rows))
    assert unselected_sentence(worlds([{}, {"tenant": "a"}])).endswith("tenant is (unset) or a") is False
    assert unselected_sentence(worlds([{}, {"tenant": "a"}])).endswith("--metric-labels tenant=a")
    many = worlds([{"cluster": f"c{i}"} for i in range(9)])
    assert "or one of 4 more" in unselected_sentence(many)


@pytest.mark.parametrize(
    ("wanted", "decides"),
    [
        ("~eu|us", True), ("~(eu|us)", True), (r"~eu\.prod|us-1", True),
        ("~.*", False), ("~e.|u.", False), ("~(eu|us).*", False), ("~[eu]+s?", False), ("", False),
    ],
)  # fmt: skip
def test_a_pattern_that_matches_two_clusters_does_not_choose_one(wanted: str, decides: bool) -> None:  # noqa: FBT001
    """A list does, with a warning: a user who lists both wants both."""
    found = worlds([{"cluster": "eu"}, {"cluster": "us"}])
    assert ({} if decides else found) == unselected(found, {"cluster": wanted})
    assert decides == (
        "added up because --metric-labels lists them: cluster is eu or us"
        in selected_sentence(found, {"cluster": wanted})
    )


def test_callers_labels_are_ignored_if_stables_own_proxies_report() -> None:
    """Callers of two tenants call one shop."""
    callers = [{"reporter": "source", "tenant": name} for name in ("a", "b")]
    assert {"tenant": ("a", "b")} == worlds(callers)
    assert {} == worlds([*callers, {"reporter": "destination", "tenant": "c"}])


REVIEWS = Upstreams(Service.of("reviews.ns.svc.cluster.local", "ns"), Service.of("reviews", "ns"), "reviews")
VERSIONED = ArmLabels("v1", "v2", "ns", "destination_version", upstreams=REVIEWS)


def row(version: str, workload: str, **more: str) -> dict[str, str]:
    """Make the labels of an app's version."""
    return {"destination_version": version, "destination_workload": workload, **more}


def test_a_label_that_is_unique_is_not_narrowed() -> None:
    """Unknown workloads are not an app."""
    rows = [row("v1", "reviews-v1"), row("v2", "reviews-v2"), row("v1", "unknown")]
    assert ({}, "") == ((found := narrowed(rows, VERSIONED)).more, found.doubt)


@pytest.mark.parametrize(
    ("label", "own", "other"),
    [
        ("destination_service_name", "reviews", "productpage"),
        ("destination_service", "reviews.ns.svc.cluster.local", "productpage.ns.svc.cluster.local"),
        ("destination_canonical_service", "reviews", "productpage"),
    ],
)
def test_a_label_of_several_apps_is_narrowed_by_what_the_series_have(label: str, own: str, other: str) -> None:
    """The service by its name, its full host, or the canonical service."""
    rows = [
        row("v1", "reviews-v1", **{label: own}),
        row("v2", "reviews-v2", **{label: own}),
        row("v1", "productpage-v1", **{label: other}),
    ]
    found = narrowed(rows, VERSIONED)
    assert ("", [label]) == (found.doubt, list(found.more))
    assert found.more[label].startswith("~")
    assert own.replace(".", r"\.") in found.more[label].removeprefix("~").split("|")
    assert other not in found.more[label]


def test_apps_that_no_service_tells_apart_are_refused() -> None:
    """The sentence names the other apps and a label to add."""
    rows = [row("v1", name, destination_service_name=name) for name in ("a", "b")]
    found = narrowed(rows, VERSIONED)
    assert {} == found.more
    assert "a, b have them" in found.doubt
    assert "--metric-labels destination_service_name=a (there are a, b)" in found.doubt


def test_the_canarys_value_must_be_its_own_too() -> None:
    """A unique value of stable alone is not enough."""
    rows = [row("v1", "reviews-v1"), row("v2", "reviews-v2"), row("v2", "ratings-v2")]
    assert "ratings-v2, reviews-v2 have them" in narrowed(rows, VERSIONED).doubt
