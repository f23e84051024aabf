"""A release is judged by custom metrics alone if nothing scrapes the mesh; the judgement says what is not seen."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from steps.errors import PermanentError
from steps.evidence.comparison import Comparison
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection
from steps.evidence.definitions.metric_names import ConfiguredNames, MeshMetrics
from steps.evidence.definitions.pod_owners import PodOwners
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.discovery.discovered_names import DiscoveredNames, discovered_names_from_json
from steps.evidence.playback import replay_evidence
from steps.evidence.prometheus_api.client import QueryResponse
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll, Recorder, load
from steps.judge import Rules, judge
from steps.model.evidence import LatencyObjective, MetricKind, ProblemKind
from steps.model.judgement import Verdict
from steps.model.pods import PodNames
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus, Result, canned, counter, read, series
from tests.unit.evidence.test_custom_metrics import PODS, pod

PAIR = CustomMetric("checkout", "shop", "shop-canary", Selection("failed_total"), Selection("asked_total"))
CANARY = "shop-canary-7c9f8b5d4-q2w3e"
JOB = "shop-migrate-x7k2p"
KNOWN = PodNames({"shop": ("shop-6d4cf56db6-",), "shop-canary": ("shop-canary-7c9f8b5d4-",)})
FAILING = [*PODS[:2], pod(CANARY, "asked_total", counter(0, 40)), pod(CANARY, "failed_total", counter(0, 40))]


def app(own: Result, clusters: tuple[str, ...] = ("",)) -> CannedPrometheus:
    """Return a Prometheus that only has the app's metrics."""

    def answer(promql: str) -> Result:
        if promql.startswith(("label_replace", "topk(200")):
            return []
        if promql.startswith("topk"):
            return [{"metric": {"cluster": name}, "value": [NOW, "1"]} for name in clusters]
        if promql.startswith("count by (pod)"):
            return [{"metric": {"pod": one["metric"]["pod"]}, "value": [NOW, "1"]} for one in own]
        if promql.startswith("count"):
            return [{"metric": {}, "value": [NOW, "1"]}]
        return own

    return CannedPrometheus(answer)


def reader(prometheus: CannedPrometheus, **options: Any) -> EvidenceReader:
    """Return a reader of only the app's metrics."""
    return EvidenceReader(prometheus, ARMS, custom=(PAIR,), mesh=False, **options)


def test_no_mesh_metric_is_queried() -> None:
    """From prepare to the verdict."""
    prometheus = app(FAILING)
    alone = reader(prometheus)
    (warning,) = alone.check()
    assert () == alone.check_custom()
    assert () == alone.choose_bounds().latency
    evidence = alone.read(NOW - 10, NOW)

    assert not [asked for asked in prometheus.asked if "istio_re" in asked]
    assert [MetricKind.CUSTOM] == [metric.kind for metric in evidence.metrics]
    assert (warning,) == evidence.notes
    assert "failed connections" in warning
    assert evidence.problem is None


@pytest.mark.parametrize(("own", "verdict"), [(FAILING, Verdict.FAIL), (PODS[:2], Verdict.CONTINUE)])
def test_a_verdict_comes_from_the_apps_metrics(own: Result, verdict: Verdict) -> None:
    """Missing metrics give no verdict."""
    evidence = reader(app(own)).read(NOW - 10, NOW)
    assert verdict is judge(evidence, None, Rules(), deadline_reached=False).verdict


def test_no_series_at_all_are_a_problem() -> None:
    """With the sentence for an app that is not scraped."""
    found = reader(app([])).read(NOW - 10, NOW).problem
    assert found is not None
    assert (ProblemKind.NO_SERIES, True) == (found.kind, "for the metric checkout" in found.sentence)
    optional = EvidenceReader(app([]), ARMS, custom=(replace(PAIR, required=False),), mesh=False)
    silent = optional.read(NOW - 10, NOW).problem
    assert silent is not None
    assert "no series of the custom metrics" in silent.sentence


def test_an_objective_of_latency_needs_the_mesh() -> None:
    """It must not be left out silently."""
    with pytest.raises(PermanentError, match="which --without-mesh-metrics leaves out"):
        reader(app(FAILING), latency_objective=LatencyObjective(0.99, 500)).check()


def test_two_clusters_of_the_app_are_refused() -> None:
    """Without the mesh, custom metrics show it."""
    with pytest.raises(PermanentError, match=r"metric checkout: .* cluster is eu or us"):
        reader(app(FAILING, ("eu", "us"))).check_custom()


def test_metric_labels_are_in_every_query() -> None:
    """Of the mesh, of custom metrics, of bounds and of checks; escaped like everything else."""
    more = {"cluster": 'e"u', "region": "~eu-.*"}
    wanted = r'cluster="e\"u",region=~"eu-.*"'
    prometheus = canned([series("shop", counter(100, 9))])
    asked = EvidenceReader(prometheus, replace(ARMS, more=more), custom=(PAIR,))
    asked.check()
    with pytest.raises(PermanentError):
        asked.check_custom()
    asked.choose_bounds()
    asked.read(NOW - 10, NOW)
    everywhere = [one for one in prometheus.asked if not one.startswith("topk(200")]
    assert len(everywhere) > 9
    assert [] == [one for one in everywhere if wanted not in one]


def test_a_jobs_pods_are_not_the_canarys() -> None:
    """Only pods that the API server knows are counted, whatever the names of others."""
    own = [*FAILING[:3], pod(JOB, "asked_total", counter(0, 99)), pod(JOB, "failed_total", counter(0, 99))]
    evidence = reader(app(own), pods=PodOwners(known=KNOWN)).read(NOW - 10, NOW)
    strata = evidence.metrics[0].series[0].strata
    assert (50, 0) == (sum(s.stable.total for s in strata), sum(s.stable.bad for s in strata))


def test_a_label_value_of_several_apps_is_a_problem() -> None:
    """No canary passes with it."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        if promql.startswith("count by (version"):
            names = ("a", "b")
            return [{"metric": {"version": "v1", "destination_workload": n}, "value": [NOW, "1"]} for n in names]
        return [{"metric": {"version": "v1", "instance": "gw"}, "values": [[NOW, "1"]]}]

    evidence = EvidenceReader(CannedPrometheus(answer), ArmLabels("v1", "v2", "ns", "version")).read(NOW - 10, NOW)
    assert evidence.problem is not None
    assert (ProblemKind.AMBIGUOUS, True) == (evidence.problem.kind, "a, b have them" in evidence.problem.sentence)


def test_a_single_analysis_notes_two_clusters() -> None:
    """No step checked before; a configured cluster is left alone."""
    both = [series("shop", counter(100, 9), cluster=name) for name in ("eu", "us")]
    assert [True] == ["--metric-labels cluster=eu" in note for note in read(canned(both)).notes if "cluster" in note]
    named = EvidenceReader(canned(both), replace(ARMS, more={"cluster": "~eu|us"})).read(NOW - 10, NOW)
    assert [] == [note for note in named.notes if "cluster" in note]


def test_a_recording_has_the_discovered_names(tmp_path: Path) -> None:
    """Names, labels and pods come from the recording, without an API server; a Job's pods stay out."""
    own = [*FAILING, pod(JOB, "asked_total", counter(0, 99))]
    for one in own:
        one["metric"]["exported_pod"] = one["metric"]["pod"]
    path, arms = tmp_path / "run.jsonl", {"stable": "shop", "canary": "shop-canary", "namespace": "ns", "label": "x"}
    metric = asdict(PAIR)
    tape = Recorder(path, {"app": "shop", "namespace": "ns", "arms": arms, "metrics": [metric], "mesh": False})
    found = DiscoveredNames(labels={"checkout": ("exported_pod", "namespace")})
    live = reader(app(own), pods=PodOwners(known=KNOWN))
    before = live.read(NOW - 10, NOW, comparison=Comparison(found=found))
    query = before.metrics[0].queries[0]
    assert "exported_pod=~" in query
    tape.write_response(QueryResponse(query, NOW, own))
    tape.write_poll(Poll(NOW, NOW - 10, NOW - 10, bounds=live.bounds, found=live.found, pods=live.pods.known))

    ((_, again),) = replay_evidence(load(path))

    assert before == again


def test_discovered_names_survive_json() -> None:
    """With unusual names."""
    names = MeshMetrics("r", "d_bucket", "s", "b_bucket")
    whole = DiscoveredNames(names, {"a": "~b|c"}, "a doubt", {"x": ("exported_pod", "exported_namespace")})
    form = {"metrics": {"requests": "r", "duration": "d_bucket", "unit": "s", "response_bytes": "b_bucket"}}
    assert whole == discovered_names_from_json(
        {**form, "narrowed": {"a": "~b|c"}, "doubt": "a doubt", "labels": {"x": ["exported_pod", "exported_namespace"]}}
    )
    assert "d_bucket" == ConfiguredNames(duration="d_bucket").names().duration
