"""The last rung of a ladder waits longer for few requests than the rungs before it, in a run and in its replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steps.actions.analysis_extras import AnalysisExtras
from steps.evidence.playback import replay_evidence
from steps.evidence.recording import load
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.recorded_trials import TrialReader, recorder_of
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration
SHORT: dict[str, Any] = {"poll_seconds": 0.005, "timeout_seconds": 0.1}


def few() -> FixedEvidence:
    """Return 60 requests without a failure in 20 s, which the default settings take for a pass."""
    return FixedEvidence(0.0, requests=3)


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return a cluster at rest."""
    return SteppedCluster(tmp_path)


@pytest.mark.parametrize(("ladder", "waits"), [("[5, 60]", {5: False, 60: True}), ("[5]", {5: True})])
def test_only_the_last_weight_of_the_ladder_waits_for_more_requests(
    world: SteppedCluster, ladder: str, waits: dict[int, bool]
) -> None:
    """Here no more come, so it ends with the deadline, and passes by what is there."""
    StepProcess(world).prepare(ladder=ladder)
    for weight, is_last in waits.items():
        reader = few()
        assert 0 == StepProcess(world).analyze(weight, reader, **SHORT).exit_code
        assert is_last == (reader.reads > 1), weight


def test_a_recording_keeps_which_weight_was_the_last(world: SteppedCluster, tmp_path: Path) -> None:
    """A replay asks the same of each rung."""
    path = tmp_path / "run.jsonl"
    given: dict[str, Any] = {"poll_seconds": 0.001, "min_requests": 20, "min_seconds": 0}
    recorder = recorder_of(path, given)
    reader = TrialReader(world, lambda _: False, recorder, 1.0)
    assert 0 == StepProcess(world).rollout(reader, extras=AnalysisExtras(recorder), **given).exit_code
    seen = {(poll.weight, evidence.before_promotion) for poll, evidence in replay_evidence(load(path))}
    assert {(5, False), (60, True)} == seen
