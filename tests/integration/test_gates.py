"""Gates hold a rung and keep judging; a rung without a decision ends by the policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.claim.keys import approval_key, state_key
from steps.claim.state import load_state
from steps.model.run import Claim, Phase
from steps.outputs.metrics.samples import waiting_since
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration
QUICK: Json = {"poll_seconds": 0.005, "min_seconds": 5}
SHORT: Json = {**QUICK, "timeout_seconds": 0.05}
LONG: Json = {**QUICK, "timeout_seconds": 30}


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return a cluster with a run at weight 20."""
    made = SteppedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(20)
    return made


@pytest.fixture
def process(world: SteppedCluster) -> StepProcess:
    """Return the process that judges."""
    return StepProcess(world)


def approve(world: SteppedCluster, run: str = "one") -> None:
    """Put the annotation on, as a person does."""

    def change(item: Json) -> Json:
        item["metadata"]["annotations"][approval_key(APP)] = run
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="kubectl")


def approve_at(world: SteppedCluster, look: int) -> FixedEvidence:
    """Return a reader of a good canary; a person approves after that many reads."""
    return FixedEvidence(0.0, lambda number: approve(world) if number == look else None)


def test_a_gate_keeps_judging_until_it_is_approved(world: SteppedCluster, process: StepProcess) -> None:
    """The canary would have passed at the first poll."""
    reader = approve_at(world, 4)
    end = process.analyze(None, reader, hold=True, **LONG)
    assert (0, "pass", 4) == (end.exit_code, end.results["verdict"], reader.reads)
    assert {(80, 20)} == world.weights()


def test_a_gate_that_nobody_opens_is_inconclusive(world: SteppedCluster, process: StepProcess) -> None:
    """6, with the judge's last reason; the weight is left to the next step."""
    end = process.analyze(None, hold=True, **SHORT)
    assert (6, "inconclusive") == (end.exit_code, end.results["verdict"])
    assert end.results["reason"].startswith("nobody approved within 0 s; the judge last said: healthy")
    assert "not-approved" == end.summary["code"]
    assert {(80, 20)} == world.weights()


def test_progress_rises_to_what_a_pass_needs_and_at_a_gate_with_the_time(process: StepProcess, tmp_path: Path) -> None:
    """20 s of the 40 that this rung needs are one half; at a gate the share of its deadline counts."""
    progress_file = tmp_path / "progress"
    given = {**SHORT, "min_seconds": 40, "progress_file": str(progress_file)}
    process.analyze(None, **given)
    assert "50/100\n" == progress_file.read_text()
    seen: list[int] = []
    reader = FixedEvidence(0.0, lambda _: seen.append(int(progress_file.read_text().partition("/")[0])))
    process.analyze(None, reader, hold=True, **{**given, "min_seconds": 5, "timeout_seconds": 0.5})
    assert seen[1:] == sorted(seen[1:])
    assert seen[1] < 50 < seen[-1] <= 100


def test_an_approval_of_another_run_opens_nothing(world: SteppedCluster, process: StepProcess) -> None:
    """It may be left from an earlier release."""
    approve(world, "two")
    assert 6 == process.analyze(None, hold=True, **SHORT).exit_code


def test_an_approval_counts_for_the_weight_it_was_given_at(world: SteppedCluster, process: StepProcess) -> None:
    """A gate that is run again at the same weight is open; the next rung has a gate of its own."""
    approve(world)
    assert 0 == process.analyze(None, hold=True, **SHORT).exit_code
    process.set_weight(20)
    assert 0 == process.analyze(None, hold=True, **SHORT).exit_code
    process.set_weight(50)
    assert approval_key(APP) not in world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["metadata"]["annotations"]
    assert 6 == process.analyze(None, hold=True, **SHORT).exit_code


def test_a_canary_that_fails_at_the_gate_retreats_at_once(world: SteppedCluster, process: StepProcess) -> None:
    """Whatever a person approved before."""
    approve(world)
    end = process.analyze(None, FixedEvidence(1.0), hold=True, **LONG)
    assert (5, {(100, 0)}) == (end.exit_code, world.weights())


def test_a_gate_keeps_the_claim_alive(world: SteppedCluster, process: StepProcess) -> None:
    """The expiry moves while the gate holds, so the run is not taken for dead."""

    def expiry() -> float:
        return float(json.loads(world.annotation(state_key(APP)))["expires"])

    def pass_time(look: int) -> None:
        world.store.clock_offset_seconds += 61
        if look == 20:
            approve(world)

    before = expiry()
    assert 0 == process.analyze(None, FixedEvidence(0.0, pass_time), hold=True, **LONG).exit_code
    assert expiry() > before + 600


@pytest.mark.parametrize(
    ("policy", "exit_code", "verdict", "reason"),
    [
        ("fail", 6, "inconclusive", "no canary request seen"),
        ("pause", 6, "inconclusive", "no canary request seen"),
        ("pass", 0, "pass", "passed by policy, inconclusive: "),
    ],
)
def test_what_could_not_be_decided_ends_by_policy(
    world: SteppedCluster, process: StepProcess, policy: str, exit_code: int, verdict: str, reason: str
) -> None:
    """No data is never a pass, unless somebody asked for just that; the result says so."""
    end = process.analyze(None, FixedEvidence(None), on_inconclusive=policy, **SHORT)
    assert (exit_code, verdict) == (end.exit_code, end.results["verdict"])
    assert reason in end.results["reason"]
    assert {(80, 20)} == world.weights()


def test_a_paused_rung_is_passed_by_a_person(world: SteppedCluster, process: StepProcess) -> None:
    """The reason says who decided."""
    reader = FixedEvidence(None, lambda _: approve(world))
    end = process.analyze(None, reader, on_inconclusive="pause", **SHORT)
    assert (0, "pass") == (end.exit_code, end.results["verdict"])
    assert end.results["reason"].startswith("approved by hand; ")


def test_a_paused_rung_still_fails(world: SteppedCluster, process: StepProcess) -> None:
    """It keeps judging while it waits for a person."""

    def turn_bad(look: int) -> None:
        if any(line["event"] == "gate.holding" for line in logged):
            reader.bad_ratio = 1.0

    reader = FixedEvidence(None, turn_bad)
    with capture_logs() as logged:
        end = process.analyze(None, reader, on_inconclusive="pause", **SHORT)
    assert (5, {(100, 0)}) == (end.exit_code, world.weights())


def test_a_gate_that_waits_is_seen_in_the_claim_and_its_end_too(world: SteppedCluster, process: StepProcess) -> None:
    """At once, not at the next renewal: boards and alerts read it there."""
    seen: list[float] = []

    def look(number: int) -> None:
        seen.append(waiting_since(claim(world)))
        if number == 4:
            approve(world)

    assert 0 == process.analyze(None, FixedEvidence(0.0, look), hold=True, **LONG).exit_code
    assert 0 == seen[0]
    assert seen[1] == seen[3] > 0
    found = claim(world)
    assert 0 == waiting_since(found)
    assert found.state.look is not None
    assert 0 < found.state.look.evidence < 1
    assert "errors" in {one.metric for one in found.state.look.counts}


def claim(world: SteppedCluster) -> Claim:
    """Return the claim as the annotations have it."""
    return Claim(APP, "one", 1, Phase.WALKING, load_state(world.annotation(state_key(APP)))[1])
