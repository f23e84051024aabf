"""Behind gateways stable's pods are learnt from their own proxies; the gateways' counts compare the arms."""

from pathlib import Path

import pytest

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.playback import replay_evidence
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll, Recorder, load
from steps.model.evidence import Counts, Evidence
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus, Result, counter, series

GATEWAY = [
    series("shop", counter(0, 20)),
    series("shop", counter(0, 2), response_code="503"),
    series("shop-canary", counter(0, 3)),
]
PODS = [
    series("shop", counter(5, 15), "pod-a", reporter="destination"),
    series("shop", counter(5, 5), "pod-b", reporter="destination"),
    series("shop", counter(5, 2), "pod-b", reporter="destination", response_code="503"),
]
OWN = 'reporter="destination"'


def prometheus(pods: Result) -> CannedPrometheus:
    """Answer for gateways, and `pods` where only stable's pods are asked for."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        return pods if OWN in promql else GATEWAY

    return CannedPrometheus(answer)


def read(client: CannedPrometheus, budget: int = 100) -> Evidence:
    """Read once."""
    return EvidenceReader(client, ARMS, bounds=Bounds(), series_budget=budget).read(NOW - 10, NOW)


def test_the_gateways_count_the_arms_and_the_pods_count_themselves() -> None:
    """Two of 22 requests failed by the gateway; they were pod-b's."""
    last = read(prometheus(PODS)).metrics[0].series[0].strata[-1]
    assert (Counts(22, 2), Counts(3, 0)) == (last.stable, last.canary)
    assert (Counts(15, 0), Counts(7, 2)) == last.stable_pods


def test_pods_without_series_of_their_own_are_asked_for_once() -> None:
    """As in a mesh of callers whose destinations have no sidecar."""
    client = prometheus([])
    reader = EvidenceReader(client, ARMS, bounds=Bounds())
    evidence = [reader.read(NOW - 10, NOW) for _ in range(3)][-1]
    assert 1 == sum(OWN in asked for asked in client.asked)
    assert () == evidence.metrics[0].series[0].strata[-1].stable_pods


@pytest.mark.parametrize("odd", [{"instance": ""}, {"reporter": "source"}])
def test_sums_and_other_reporters_series_are_not_pods(odd: dict[str, str]) -> None:
    """A recording rule without the label instance hides the pods; a server may also ignore a matcher."""
    pods = [{**one, "metric": {**one["metric"], **odd}} for one in PODS]
    assert () == read(prometheus(pods)).metrics[0].series[0].strata[-1].stable_pods


def test_with_too_many_series_pods_are_not_told_apart() -> None:
    """Three series of the gateway fit into the budget, four pods do not."""
    pods = [series("shop", counter(5, 5), f"pod-{k}", reporter="destination") for k in range(4)]
    assert () == read(prometheus(pods), budget=3).metrics[0].series[0].strata[-1].stable_pods


def test_a_recording_without_stables_pods_is_judged_again_without_them(tmp_path: Path) -> None:
    """Recordings of earlier versions have no answers to that query."""
    tape = Recorder(tmp_path / "old.jsonl", {"arms": {"stable": "shop", "canary": "shop-canary", "namespace": "ns",
                                                      "label": "destination_workload"}})  # fmt: skip
    client = prometheus(PODS)
    promql = 'istio_requests_total{reporter="source",destination_workload=~"shop|shop-canary"'
    EvidenceReader(client, ARMS, bounds=Bounds(), with_pods=False).read(NOW - 10, NOW)
    asked = next(one for one in client.asked if one.startswith(promql))
    tape.write_response(client.query(asked))
    tape.write_poll(Poll(NOW, NOW - 10, NOW - 10, 10, ("source", ""), Bounds()))
    ((_, evidence),) = replay_evidence(load(tmp_path / "old.jsonl"))
    last = evidence.metrics[0].series[0].strata[-1]
    assert (Counts(22, 2), ()) == (last.stable, last.stable_pods)
