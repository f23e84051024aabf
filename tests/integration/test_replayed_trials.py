"""A recording of a rollout with several trials is judged again to the same verdicts, each trial by its own rules."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from steps import replay
from steps.actions.analysis_extras import AnalysisExtras
from steps.evidence.recording import load
from steps.step import StepEnd
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import AUTOSCALER, Json
from tests.support.recorded_trials import TrialReader, recorder_of
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

GIVEN: dict[str, Any] = {
    "second_trial": "auto", "poll_seconds": 0.001, "min_requests": 20, "min_seconds": 0, "timeout_seconds": 600,
}  # fmt: skip
EVERY = range(1, 100)


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with shop:2 to release."""
    return SteppedCluster(tmp_path)


def recorded(
    world: SteppedCluster,
    path: Path,
    pods: Collection[int],
    scrape_seconds: float = 1.0,
    *,
    outage: int = 0,
    **more: object,
) -> StepEnd:
    """Record a rollout in which these pods of the canary fail all, or an outage takes so many scrapes of stable."""
    given = {**GIVEN, **more}
    recorder = recorder_of(path, given)
    reader = TrialReader(world, lambda number: number in pods, recorder, scrape_seconds)
    reader.outage = outage
    return StepProcess(world).rollout(reader, extras=AnalysisExtras(recorder), **given)


def replayed(path: Path, **more: object) -> tuple[Json, str]:
    """Judge a recording again; return the JSON and the text."""
    settings = {"recording": str(path), **more}
    as_json = replay.run(replay.Settings.model_validate({**settings, "format": "json"}), load(path))[1]
    return json.loads(as_json), replay.run(replay.Settings.model_validate(settings), load(path))[1]


@pytest.mark.parametrize(
    ("pods", "exit_code", "verdict", "climbed"),
    [
        ({1}, 0, "pass", [(1, 5, "fail"), (2, 5, "pass"), (2, 60, "pass")]),
        (EVERY, 5, "fail", [(1, 5, "fail"), (2, 5, "fail")]),
        ({1, 3, 4}, 5, "fail", [(1, 5, "fail"), (2, 5, "pass"), (2, 60, "fail"), (3, 5, "fail")]),
    ],
    ids=["a bad first pod", "a bad version", "three alarms"],
)
def test_the_same_rules_give_each_trial_the_verdict_that_it_had(
    world: SteppedCluster,
    tmp_path: Path,
    pods: Collection[int],
    exit_code: int,
    verdict: str,
    climbed: list[tuple[int, int, str]],
) -> None:
    """At the same scrape, and the release ends the same way."""
    path = tmp_path / "run.jsonl.gz"
    assert exit_code == recorded(world, path, pods).exit_code
    found, _ = replayed(path)
    assert climbed == [(one["trial"], one["weight"], next(iter(one["fell"]))) for one in found["rungs"]]
    assert [one["recorded"]["at"] for one in found["rungs"]] == [
        next(iter(one["fell"].values()))["at"] for one in found["rungs"]
    ]
    assert (verdict, {True}) == (found["verdict"], {one["reached"] for one in found["rungs"]})


def test_the_text_says_where_a_trial_begins_and_why(world: SteppedCluster, tmp_path: Path) -> None:
    """When users went back, what it had cost, whether stable failed, and for how long they were on stable."""
    path = tmp_path / "run.jsonl"
    recorded(world, path, {1})
    _, text = replayed(path)
    lines = text.splitlines()
    (begin,) = [number for number, line in enumerate(lines) if line.startswith("  trial 1  alarm at weight 5 at ")]
    users, cost, cause = lines[begin + 1].strip().split("; ")
    assert users.startswith("all users were on stable for ")
    assert users.endswith(" s, until fresh pods began at weight 5")
    assert ("50 requests failed beyond stable's rate", "stable did not") == (cost, cause[:14])
    assert lines[begin + 3].startswith("  rung 2  weight 5 %")


def test_without_second_trial_what_came_after_the_alarm_is_not_reached(world: SteppedCluster, tmp_path: Path) -> None:
    """A replay by other rules never joins the requests of one set of pods to the verdict of another."""
    path = tmp_path / "run.jsonl"
    recorded(world, path, {1})
    found, text = replayed(path, second_trial="never")
    assert [True, False, False] == [one["reached"] for one in found["rungs"]]
    assert "inconclusive" == found["verdict"]
    assert "the recorded run returned the users before a verdict" in found["reason"]
    assert "but second-trial never (recorded: auto)" in text


def test_a_second_trial_that_was_never_recorded_is_not_invented(world: SteppedCluster, tmp_path: Path) -> None:
    """A run without one, judged as if it had asked for one: its alarm would have returned users, and nothing more."""
    path = tmp_path / "run.jsonl"
    recorded(world, path, EVERY, second_trial="never")
    assert "fail" == replayed(path)[0]["verdict"]
    found, _ = replayed(path, second_trial="auto")
    assert "inconclusive" == found["verdict"]
    assert "the recording has no other trial" in found["reason"]


def test_a_run_whose_pods_could_not_be_replaced_is_judged_at_its_usual_line(
    world: SteppedCluster, tmp_path: Path
) -> None:
    """Although it asked for a second trial: an autoscaler owned its pods."""
    reference = {"kind": "Deployment", "name": f"{APP}-canary", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": reference, "minReplicas": 2, "maxReplicas": 5}
    world.create(AUTOSCALER, {"metadata": {"name": APP, "namespace": NAMESPACE}, "spec": spec})
    path = tmp_path / "run.jsonl"
    recorded(world, path, EVERY)
    (rung,) = replayed(path)[0]["rungs"]
    assert (100.0, "fail") == (round(rung["fell"]["fail"]["e_limit"], 6), rung["recorded"]["verdict"])
    assert rung["recorded"]["at"] == rung["fell"]["fail"]["at"]


def test_a_recording_of_an_image_without_trials_is_still_judged(world: SteppedCluster, tmp_path: Path) -> None:
    """Its polls have neither trials nor a line, and its rules do not name them."""
    path = tmp_path / "run.jsonl"
    recorded(world, path, EVERY, second_trial="never")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        for name in ("trials", "alarm_line"):
            line.pop(name, None)
        for name in ("second_trial", "second_trial_failures"):
            line.get("rules", {}).pop(name, None)
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    found, _ = replayed(path)
    assert ("fail", [], [1]) == (found["verdict"], found["trials"], [one["trial"] for one in found["rungs"]])


@pytest.mark.parametrize(
    ("outage", "exit_code", "verdict", "climbed"),
    [
        (0, 5, "fail", [(1, 5, "fail")]),
        (2, 0, "pass", [(1, 5, "fail"), (2, 5, "pass"), (2, 60, "pass")]),
    ],
    ids=["the version", "an outage of both"],
)
def test_without_second_trial_a_look_at_stable_is_replayed_too(
    world: SteppedCluster,
    tmp_path: Path,
    outage: int,
    exit_code: int,
    verdict: str,
    climbed: list[tuple[int, int, str]],
) -> None:
    """An alarm of one scrape only returned the users; what stable's next scrapes showed is in the recording."""
    path, pods = tmp_path / "run.jsonl", () if outage else EVERY
    assert exit_code == recorded(world, path, pods, 5.0, outage=outage, second_trial="never").exit_code
    found, text = replayed(path)
    assert climbed == [(one["trial"], one["weight"], next(iter(one["fell"]))) for one in found["rungs"]]
    assert (verdict, {True}) == (found["verdict"], {one["reached"] for one in found["rungs"]})
    assert bool(outage) is ("until the canary began again at weight 5" in text)
    assert bool(outage) is ("stable failed as well right after it, so the cause was shared" in text)


def test_a_second_trial_that_stable_decided_is_none_without_one(world: SteppedCluster, tmp_path: Path) -> None:
    """Judged as without a second trial, the recorded look at stable condemns the version at the first alarm."""
    path = tmp_path / "run.jsonl"
    recorded(world, path, {1}, 5.0)
    found, _ = replayed(path, second_trial="never")
    assert ("fail", [True, False, False]) == (found["verdict"], [one["reached"] for one in found["rungs"]])
    assert "stable's next 2 scrapes were not as bad" in found["reason"]
