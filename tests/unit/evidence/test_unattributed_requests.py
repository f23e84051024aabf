"""Requests that failed before an upstream was chosen always count: for an arm, or as unattributed."""

from typing import Any

import pytest

from steps.evidence.comparison import Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.upstreams import Service, Upstreams
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.evidence import Evidence, Stratum
from steps.model.judgement import Verdict
from tests.support.canned_prometheus import NOW, CannedPrometheus, Result, counter, series
from tests.unit.evidence.test_upstreams import HOSTS, SUBSETS, lost

STARTED = NOW - 3


def failed(values: dict[float, float], service: str = "shop-canary", **labels: str) -> dict[str, Any]:
    """Make a series of requests without an upstream, by default at the gateway."""
    found = lost(f"{service}.ns.svc.cluster.local", **labels)
    return {
        "metric": {"instance": "gw", **found},
        "values": [[at, str(value)] for at, value in values.items()],
    }


def canned(requests: Result, unknown: Result, reporter: str = "source") -> CannedPrometheus:
    """Answer the query for the reporter, and both selectors of requests."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": reporter}, "value": [NOW, "5"]}]
        return unknown if 'destination_workload="unknown"' in promql else requests

    return CannedPrometheus(answer)


def read(prometheus: CannedPrometheus, upstreams: Upstreams = HOSTS, control: str = "") -> Evidence:
    """Read a run that began at STARTED."""
    reader = EvidenceReader(prometheus, ArmLabels("shop", "shop-canary", "ns", upstreams=upstreams), bounds=Bounds())
    return reader.read(STARTED, NOW, weight=50, comparison=Comparison(control=control))


def present(evidence: Evidence) -> list[Stratum]:
    """Return the strata of the errors since the run began."""
    return [one for one in evidence.metrics[0].series[0].strata if one.end > STARTED]


GOOD = [series("shop", counter(100, 9)), series("shop-canary", {NOW - 2: 3, NOW - 1: 6, NOW: 9})]


def test_failures_without_an_upstream_count_against_the_arm_of_their_service() -> None:
    """The series begins with the first failure: its first value counts, as the gateway was scraped before."""
    found = present(read(canned(GOOD, [failed({NOW - 1: 5, NOW: 12}), failed(counter(7, 1), "shop")])))
    assert [(3, 0), (8, 5), (10, 7)] == [(one.canary.total, one.canary.bad) for one in found]
    assert [(10, 1)] * 3 == [(one.stable.total, one.stable.bad) for one in found]
    assert [0, 0, 0] == [one.unattributed for one in found]


def test_a_canary_without_endpoints_is_not_promoted() -> None:
    """Half of the requests succeed, half of them find no healthy upstream."""
    values = {NOW - 2: 3.0, NOW - 1: 10.0, NOW: 20.0}
    evidence = read(canned([series("shop", counter(100, 40)), series("shop-canary", values)], [failed(values)]))
    judgement = judge(evidence, None, Rules(min_requests=5, min_seconds=0), deadline_reached=True)
    assert judgement.verdict is not Verdict.PASS


def test_failures_of_a_shared_service_are_unattributed() -> None:
    """Not in an arm's counts, also in the strata of stable's past; successes are not counted."""
    unknown = [failed(counter(3, 2), "shop"), failed(counter(0, 50), "shop", response_code="200", response_flags="-")]
    strata = read(canned(GOOD, unknown), SUBSETS).metrics[0].series[0].strata
    assert [2] * 5 == [one.unattributed for one in strata]
    assert [0] * 5 == [one.canary.bad + one.stable.bad for one in strata]


def test_with_a_baseline_failures_of_the_shared_service_are_unattributed() -> None:
    """Those of stable's own Service are stable's past, which ends when the run begins."""
    arms = [*GOOD, series("shop-baseline", {NOW - 2: 3, NOW - 1: 6, NOW: 9})]
    unknown = [failed({NOW - 1: 5, NOW: 6}), failed(counter(7, 4), "shop")]
    strata = read(canned(arms, unknown), control="shop-baseline").metrics[0].series[0].strata
    assert [0, 0, 0, 5, 1] == [one.unattributed for one in strata]
    assert [4, 4, 0, 0, 0] == [one.stable.bad for one in strata]
    assert [0] * 5 == [one.canary.bad for one in strata]


def test_the_pods_reports_are_completed_by_the_callers() -> None:
    """A caller's proxy is not a pod of stable; its series began with its first failure, even if the proxy is new."""
    pods = [
        series("shop", counter(100, 4), "pod-a"),
        series("shop", counter(100, 6), "pod-b"),
        series("shop-canary", {NOW - 2: 3, NOW - 1: 6, NOW: 9}, "pod-c"),
    ]
    unknown = [failed({NOW - 1: 5, NOW: 12}, instance="caller"), failed({NOW: 3}, "shop", instance="caller")]
    evidence = read(canned(pods, unknown, "destination"))
    found = present(evidence)
    assert (21, 12) == (sum(one.canary.total for one in found), sum(one.canary.bad for one in found))
    assert 3 == sum(one.stable.bad for one in found)
    assert {2} == {len(one.stable_pods) for one in found}
    assert [(4, 0), (6, 0)] == [(pod.total, pod.bad) for pod in found[-1].stable_pods]


def test_an_old_counter_of_a_caller_does_not_begin_at_0() -> None:
    """At the edge of the range the past is unknown."""
    reader = EvidenceReader(
        canned([series("shop", counter(0, 4), "pod-a")], [failed({NOW - 9: 400, NOW: 400})], "destination"),
        ArmLabels("shop", "shop-canary", "ns", upstreams=HOSTS), bounds=Bounds(), history_seconds=0.0,
    )  # fmt: skip
    strata = reader.read(NOW - 8, NOW).metrics[0].series[0].strata
    assert 0 == sum(one.canary.bad for one in strata)


def test_requests_without_a_cluster_are_unattributed_if_their_proxy_serves_the_app() -> None:
    """A gateway does not say which service was missing; those of a gateway without the app are not counted."""
    nowhere = {"destination_service": "unknown", "destination_service_name": "unknown", "response_flags": "NC"}
    unknown = [failed({NOW - 1: 5, NOW: 6}, **nowhere), failed({NOW: 99}, instance="other-gw", **nowhere)]
    strata = present(read(canned(GOOD, unknown)))
    assert [(0, 0), (5, 5), (1, 1)] == [(one.unattributed, one.nowhere) for one in strata]


def test_failures_with_and_without_a_service_name_are_separate() -> None:
    """The latter may be another app's."""
    nowhere = {"destination_service": "unknown", "destination_service_name": "unknown", "response_flags": "NC"}
    unknown = [failed({NOW - 1: 5, NOW: 6}, **nowhere), failed(counter(3, 2), "shop")]
    strata = present(read(canned(GOOD, unknown), SUBSETS))
    assert [(2, 0), (7, 5), (3, 1)] == [(one.unattributed, one.nowhere) for one in strata]


def test_series_of_other_apps_do_not_change_the_scrapes() -> None:
    """Series of other apps are not even a scrape target."""
    foreign = [failed({NOW - 1.5: 5, NOW - 0.5: 12}, "cart", instance="elsewhere")]
    assert read(canned(GOOD, [])).metrics == read(canned(GOOD, foreign)).metrics


def test_requests_take_exactly_two_queries() -> None:
    """The unattributed ones first, so that the main response is never older; answers use the same series."""
    prometheus = canned(GOOD, [])
    evidence = read(prometheus)
    assert [True, False] == ['destination_workload="unknown"' in asked for asked in prometheus.asked_for_arms[1:]]
    assert [prometheus.asked[2], prometheus.asked[1]] == list(evidence.metrics[0].queries)
    assert ["errors", "answers"] == [metric.name for metric in evidence.metrics]


@pytest.mark.parametrize("label", ["destination_version", "destination_canonical_revision"])
def test_arms_with_another_label_are_also_attributed_by_service(label: str) -> None:
    """If no upstream was chosen, that label is "unknown" or "latest"."""
    arms = ArmLabels("v1", "v2", "ns", label, upstreams=Upstreams(Service("shop", "ns"), Service("shop-canary", "ns")))
    main = [series("shop", counter(100, 9), **{label: "v1"}), series("x", counter(100, 1), **{label: "v2"})]
    prometheus = canned(main, [failed({NOW: 5}, **{label: "latest"})])
    strata = EvidenceReader(prometheus, arms, bounds=Bounds()).read(STARTED, NOW).metrics[0].series[0].strata
    assert (6, 5) == (strata[-1].canary.total, strata[-1].canary.bad)


def test_a_service_label_does_not_show_the_failed_arm() -> None:
    """Callers name `shop`; without a cluster either arm's Service may be missing."""
    arms = ArmLabels("shop", "shop-canary", "ns", "destination_service_name", upstreams=HOSTS)
    main = [series("w", counter(100, 9), destination_service_name="shop"),
            series("w", counter(100, 1), destination_service_name="shop-canary")]  # fmt: skip
    nowhere = failed({NOW - 1: 5, NOW: 6}, "shop", response_flags="NC")
    found = EvidenceReader(canned(main, [nowhere]), arms, bounds=Bounds()).read(STARTED, NOW)
    assert [0, 5, 1] == [one.unattributed for one in present(found)]
    assert [0, 0, 0] == [one.stable.bad for one in present(found)]


def test_sums_by_class_are_attributed_as_well() -> None:
    """Above the budget of series; the labels of the service and of a second scraper are kept."""
    prometheus = canned(GOOD, [failed({NOW - 1: 5, NOW: 12}), failed(counter(7, 1), "shop")])
    reader = EvidenceReader(
        prometheus, ArmLabels("shop", "shop-canary", "ns", upstreams=HOSTS), bounds=Bounds(), series_budget=1
    )
    found = present(reader.read(STARTED, NOW))
    assert (12, 3) == (sum(one.canary.bad for one in found), sum(one.stable.bad for one in found))
    sums = [asked for asked in prometheus.asked if asked.startswith("(sum by (")]
    assert [True, True] == ["destination_service_name" in asked and "replica" in asked for asked in sums]
