"""The arguments of the reader are in the recording's header, so that a replay reads the same evidence."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.playback import replay_evidence
from steps.evidence.prometheus_api.client import QueryResponse
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll, Recorder, Recording, load
from steps.model.evidence import Evidence, LatencyObjective
from steps.model.run import Destination
from steps.settings.evidence import EvidenceSettings
from steps.settings.prometheus import PrometheusSettings
from steps.wiring.analysis import recorder_of
from steps.wiring.evidence import arms_of
from tests.support.canned_prometheus import NOW, CannedPrometheus, Result, counter, series
from tests.unit.evidence.test_unattributed_requests import failed
from tests.unit.evidence.test_upstreams import names

NAMES = names(Destination("shop"), Destination("shop-canary"))
OBJECTIVE = LatencyObjective(0.99, 500.0)


class Recorded(CannedPrometheus):
    """A canned Prometheus that writes its responses to a recording."""

    def __init__(self, tape: Recorder) -> None:
        super().__init__(_answer)
        self._tape = tape

    def query(self, promql: str) -> QueryResponse:
        """Answer, and record the response."""
        answer = super().query(promql)
        self._tape.write_response(answer)
        return answer


def _answer(promql: str) -> Result:
    if "by (reporter)" in promql:
        return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
    if "by (le)" in promql:
        return [{"metric": {"le": le}, "value": [NOW, "2"]} for le in ("5", "1000", "+Inf")]
    if 'destination_workload="unknown"' in promql:
        return [failed({NOW - 1: 5, NOW: 12})]
    if "_bucket" in promql:
        return [series(arm, counter(0, step), le=le) for arm in ("shop", "shop-canary")
                for le, step in (("5", 2), ("1000", 5), ("+Inf", 9))]  # fmt: skip
    return [series("shop", counter(100, 9)), series("shop-canary", {NOW - 2: 3, NOW - 1: 6, NOW: 9})]


def recorded(path: Path) -> Evidence:
    """Read once with all arguments of a reader, and record it as a step does."""
    settings = EvidenceSettings.model_validate({"ignore_answers": "3xx"})
    tape = recorder_of(settings, str(path), "", NAMES, {})
    assert tape is not None
    reader = EvidenceReader(Recorded(tape), arms_of(settings, NAMES), bounds=Bounds((("p50", 5.0),)),
                            ignored_answers=settings.ignore_answers)  # fmt: skip
    evidence = reader.read(NOW - 3, NOW, weight=50)
    chosen = reader.reporter
    assert chosen is not None
    tape.write_poll(Poll(NOW, NOW - 3, NOW - 3, 50, (chosen.name, chosen.reason), reader.bounds))
    return evidence


def test_a_recording_is_read_as_it_was(tmp_path: Path) -> None:
    """With the arms' Services and the ignored classes."""
    expected = recorded(tmp_path / "run.jsonl")
    _, found = next(replay_evidence(load(tmp_path / "run.jsonl")))
    assert expected == found
    assert 12 == sum(one.canary.bad for one in found.metrics[0].series[0].strata)
    assert ["4xx", "no-answer"] == [one.label for one in found.metrics[-1].series]


def test_an_objective_in_the_header_is_read_again(tmp_path: Path) -> None:
    """Its bound was queried when it was recorded."""
    path = tmp_path / "run.jsonl"
    header = {
        "arms": {**asdict(arms_of(PrometheusSettings.model_validate({}), NAMES)), "more": {}},
        "latency_objective": asdict(OBJECTIVE),
    }
    tape = Recorder(path, header)
    reader = EvidenceReader(
        Recorded(tape),
        arms_of(PrometheusSettings.model_validate({}), NAMES),
        bounds=Bounds(),
        latency_objective=OBJECTIVE,
    )
    expected = reader.read(NOW - 3, NOW)
    tape.write_poll(Poll(NOW, NOW - 3, NOW - 3, None, ("source", "as set"), Bounds()))
    _, found = next(replay_evidence(load(path)))
    assert expected.metrics == found.metrics
    assert [True] == [one.objective is not None for one in found.metrics if one.name == "latency"]


def test_an_older_recording_is_read_without_them(tmp_path: Path) -> None:
    """Its header has neither Services nor classes; a query that was never sent is not sent now."""
    recorded(tmp_path / "run.jsonl")
    recording = load(tmp_path / "run.jsonl")
    header: dict[str, Any] = {**recording.header, "arms": {**recording.header["arms"]}}
    del header["arms"]["upstreams"], header["ignored_answers"]
    looks = tuple(
        ({asked: answer for asked, answer in answers.items() if '"unknown"' not in asked}, look)
        for answers, look in recording.polls
    )
    _, found = next(replay_evidence(Recording(header, looks)))
    assert 0 == sum(one.canary.bad for one in found.metrics[0].series[0].strata)
    assert 9 == sum(one.canary.total for one in found.metrics[0].series[0].strata)
