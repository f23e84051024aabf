"""A recording is judged again with the same result, differently by other rules, and may be cut off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from steps import replay
from steps.errors import PermanentError, SettingsError
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.playback import replay_evidence
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll, Recorder, load
from steps.judge import Rules, judge
from steps.model.evidence import Health, Problem, ProblemKind
from steps.model.judgement import Verdict

START = 1000.0
HEADER = {"app": "shop", "namespace": "ns", "arms": {"stable": "shop", "canary": "shop-canary", "namespace": "ns",
                                                     "label": "destination_workload"}}  # fmt: skip


class Growing(Prometheus):
    """A Prometheus whose canary fails all requests from `START` on; its clock is set by the test."""

    def __init__(self, tape: Recorder, failing: str = "503") -> None:
        super().__init__(Access("http://prometheus.test"))
        self._tape, self._failing = tape, failing
        self.now = START

    def query(self, promql: str) -> QueryResponse:
        """Answer from counters, and record the response."""
        if "by (reporter)" in promql:
            result: list[dict[str, Any]] = [{"metric": {"reporter": "source"}, "value": [self.now, "5"]}]
        else:
            result = [_series("shop", "200", START - 30, self.now, 9), _series("shop", "500", START - 30, self.now, 0),
                      _series("shop-canary", self._failing, START + 1, self.now, 4)]  # fmt: skip
        answer = QueryResponse(promql, self.now, result)
        self._tape.write_response(answer)
        return answer


def _series(workload: str, code: str, first: float, last: float, step: int) -> dict[str, Any]:
    metric = {"destination_workload": workload, "instance": "gw", "response_code": code}
    values = [[first + i, str((i + 1) * step)] for i in range(max(0, int(last - first) + 1))]
    return {"metric": metric, "values": values}


def recorded(
    path: Path, *, looks: int = 8, failing: str = "503", problem: Problem | None = None, **rules: object
) -> list[str]:
    """Record this many polls, a second apart; returns the verdicts by the default rules."""
    tape = Recorder(path, {**HEADER, "rules": rules})
    prometheus = Growing(tape, failing)
    reader = EvidenceReader(prometheus, ArmLabels("shop", "shop-canary", "ns"), bounds=Bounds())
    verdicts = []
    for _ in range(looks):
        prometheus.now += 1
        evidence = reader.read(START, prometheus.now, weight=10)
        judgement = judge(evidence, Health(1, 1), Rules(), deadline_reached=False)
        verdicts.append(str(judgement.verdict))
        chosen = reader.reporter
        tape.write_poll(
            Poll(prometheus.now, START, START, 10, (chosen.name, chosen.reason) if chosen else None, reader.bounds,
                 evidence.problem or problem, Health(1, 1), None, str(judgement.verdict), judgement.code)
        )  # fmt: skip
    return verdicts


def replayed(path: Path, **settings: Any) -> tuple[dict[str, Any], str]:
    """Replay a file; returns the JSON and the verdict."""
    end, text = replay.run(
        replay.Settings.model_validate({"recording": str(path), "format": "json", **settings}), load(path)
    )
    return json.loads(text), str(end.results["verdict"])


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_the_same_rules_give_the_same_verdict_at_the_same_scrape(tmp_path: Path, name: str) -> None:
    """Plain or compressed."""
    verdicts = recorded(tmp_path / name)
    found, verdict = replayed(tmp_path / name)

    assert "fail" == verdict
    assert START + verdicts.index("fail") + 1 == found["rungs"][0]["fell"]["fail"]["at"]
    assert {"verdict": "fail", "code": "worse", "at": START + 8} == found["rungs"][0]["recorded"]
    assert [True] == [rung["reached"] for rung in found["rungs"]]


def test_other_rules_move_the_moment_of_the_verdict(tmp_path: Path) -> None:
    """A thousandth of the error budget needs another scrape."""
    recorded(tmp_path / "run.jsonl")
    usual, _ = replayed(tmp_path / "run.jsonl")
    strict, _ = replayed(tmp_path / "run.jsonl", alpha=1e-9)

    assert usual["rungs"][0]["fell"]["fail"]["at"] < strict["rungs"][0]["fell"]["fail"]["at"]


def test_a_shorter_deadline_makes_it_inconclusive(tmp_path: Path) -> None:
    """The deadline counts from the rung's first poll."""
    recorded(tmp_path / "run.jsonl", failing="200", looks=3)
    found, verdict = replayed(tmp_path / "run.jsonl", timeout_seconds=1.5, pass_rule="proven")

    assert "inconclusive" == verdict
    assert "inconclusive" in found["rungs"][0]["fell"]


def test_a_recording_that_ends_too_early_is_never_a_pass(tmp_path: Path) -> None:
    """It says that the recording ended, and what was missing."""
    recorded(tmp_path / "run.jsonl", failing="200", looks=2)
    found, verdict = replayed(tmp_path / "run.jsonl", min_requests=500)

    assert "inconclusive" == verdict
    assert found["reason"].startswith("the recording ends before a verdict: ")


def test_a_cut_off_recording_is_read_up_to_the_cut(tmp_path: Path) -> None:
    """A killed pod leaves half a line."""
    path = tmp_path / "run.jsonl"
    recorded(path)
    path.write_text(path.read_text()[:-40])
    recording = load(path)

    assert not recording.complete
    assert 7 == len(recording.polls)


def test_a_failed_query_fails_again(tmp_path: Path) -> None:
    """The problem is the recorded one."""
    path = tmp_path / "run.jsonl"
    tape = Recorder(path, HEADER)
    problem = Problem(ProblemKind.UNREACHABLE, "Prometheus refuses connections")
    tape.write_poll(Poll(START, START, START, 10, ("source", "as set"), Bounds(), problem))
    _, evidence = next(replay_evidence(load(path)))

    assert problem == evidence.problem


def test_a_recording_by_other_queries_is_refused(tmp_path: Path) -> None:
    """A query without a recorded response has no result."""
    path = tmp_path / "run.jsonl"
    Recorder(path, HEADER).write_poll(Poll(START, START, START, 10, ("source", "as set"), Bounds()))

    with pytest.raises(SettingsError, match="no answer to istio_requests_total"):
        next(replay_evidence(load(path)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1}\n', "is not a recording"),
        ("", "is not a recording"),
        ('{"kind": "recording", "version": 99}\n', "version 99"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str, said: str) -> None:
    """With the path, and what to do."""
    path = tmp_path / "run.jsonl"
    path.write_text(content)
    with pytest.raises(SettingsError, match=said):
        load(path)


def test_an_unwritable_path_is_refused_at_once(tmp_path: Path) -> None:
    """Before any traffic moves."""
    (tmp_path / "file").touch()
    with pytest.raises(PermanentError, match="Point --record at a writable place"):
        Recorder(tmp_path / "file" / "run.jsonl", HEADER)


def test_a_full_disk_ends_the_recording_not_the_run(tmp_path: Path) -> None:
    """Lines that cannot be written are left out."""
    tape = Recorder(tmp_path / "run.jsonl", HEADER)
    (tmp_path / "run.jsonl").unlink()
    (tmp_path / "run.jsonl").symlink_to("/dev/full")
    with capture_logs() as lines:
        tape.write_poll(Poll(START, START, START))
        tape.write_poll(Poll(START, START, START))

    assert ["recording.ended"] == [line["event"] for line in lines]


def test_the_table_names_the_moment_of_each_verdict(tmp_path: Path) -> None:
    """For people: a row per scrape, then the first fail, pass and inconclusive."""
    path = tmp_path / "run.jsonl"
    recorded(path)
    _, text = replay.run(replay.Settings.model_validate({"recording": str(path)}), load(path))
    rows = [line for line in text.splitlines() if line.startswith("    00:1")]

    assert 8 == len(rows), text
    assert "first fail           00:16:" in text
    assert "first pass           never" in text
    assert all(len(line) <= 120 for line in rows)


def test_a_rollout_is_replayed_rung_by_rung(tmp_path: Path) -> None:
    """A new weight starts a rung of its own."""
    path = tmp_path / "run.jsonl"
    recorded(path, failing="200", looks=4)
    lines = path.read_text().splitlines()
    looks = [i for i, line in enumerate(lines) if '"kind":"look"' in line]
    last = json.loads(lines[looks[-1]])
    lines[looks[-1]] = json.dumps({**last, "rung_started": last["now"], "weight": 25})
    path.write_text("\n".join(lines) + "\n")
    found, verdict = replayed(path, min_requests=10, min_seconds=0)

    assert [10, 25] == [rung["weight"] for rung in found["rungs"]]
    assert "inconclusive" == verdict
    assert Verdict.PASS in found["rungs"][0]["fell"]


def test_a_disruption_does_not_end_a_replayed_rung(tmp_path: Path) -> None:
    """The weight was 0 in between; then the same rung starts again, with a new deadline."""
    path = tmp_path / "run.jsonl"
    recorded(path, failing="200", looks=8)
    lines = path.read_text().splitlines()
    looks = [i for i, line in enumerate(lines) if '"kind":"look"' in line]
    what = "pod a was evicted"
    gone = {"desired": 1, "ready": 0, "disruption": what, "disrupted": [[START + 1, 0, what]]}
    well = {"desired": 1, "ready": 1, "disrupted": [[START + 1, START + 3, what]]}
    paused = {"weight": 0, "health": gone, "verdict": "continue", "code": "disrupted"}
    back = {"rung_started": START + 3, "health": well}
    for number, i in enumerate(looks):
        change = {} if not number else paused if number < 3 else back
        lines[i] = json.dumps({**json.loads(lines[i]), **change}, separators=(",", ":"))
    path.write_text("\n".join(lines) + "\n")
    found, verdict = replayed(path, min_requests=10, min_seconds=0, timeout_seconds=5)

    assert [(10, START + 3)] == [(rung["weight"], rung["started"]) for rung in found["rungs"]]
    assert "pass" == verdict
    assert "disrupted" in {look["code"] for look in found["rungs"][0]["looks"]}


def test_rules_that_are_not_set_come_from_the_recording(tmp_path: Path) -> None:
    """Otherwise a rung of a minute would pass after three scrapes; changed rules are shown with the recorded ones."""
    path = tmp_path / "run.jsonl"
    recorded(path, failing="200", looks=6, min_seconds=4.0, min_requests=4, alpha=0.01)
    then, _ = replayed(path)
    now, _ = replayed(path, min_seconds=0, alpha=0.01)
    _, text = replay.run(replay.Settings.model_validate({"recording": str(path), "min_seconds": 0}), load(path))

    first, sooner = (found["rungs"][0]["fell"]["pass"]["after_seconds"] for found in (then, now))
    assert (True, {}, {"min_seconds": 4.0}) == (sooner < 4.0 <= first, then["changed"], now["changed"])
    assert "  rules  as recorded, but min-seconds 0.0 (recorded: 4.0)\n" in text


def test_a_recording_without_rules_is_judged_by_the_defaults(tmp_path: Path) -> None:
    """It says so; and rules of another version are refused."""
    path = tmp_path / "run.jsonl"
    recorded(path)
    _, text = replay.run(replay.Settings.model_validate({"recording": str(path)}), load(path))
    assert "the recording does not contain the original rules" in text
    recorded(path, alpha=7)
    with pytest.raises(SettingsError, match="its rules are not those of this version"):
        replayed(path)


def test_a_rung_that_would_not_have_been_reached_is_marked(tmp_path: Path) -> None:
    """The release ends at the first rung that does not pass."""
    path = tmp_path / "run.jsonl"
    recorded(path, looks=8)
    lines = path.read_text().splitlines()
    looks = [i for i, line in enumerate(lines) if '"kind":"look"' in line]
    last = json.loads(lines[looks[-1]])
    lines[looks[-1]] = json.dumps({**last, "rung_started": last["now"], "weight": 25})
    path.write_text("\n".join(lines) + "\n")
    found, _ = replayed(path)
    _, text = replay.run(replay.Settings.model_validate({"recording": str(path)}), load(path))

    assert [True, False] == [rung["reached"] for rung in found["rungs"]]
    assert "weight 25 %  set 00:16:48 UTC  (not reached under these rules)" in text
