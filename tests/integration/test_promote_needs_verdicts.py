"""A promote needs verdicts: refusals and records of whole runs by single steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steps.claim.keys import record_key, state_key
from steps.errors import NotOwnerError, PermanentError
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration
LADDER = "[5, 60]"
SHORT: dict[str, Any] = {"poll_seconds": 0.005, "timeout_seconds": 0.05}


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return a cluster with a run that knows its ladder."""
    made = SteppedCluster(tmp_path)
    StepProcess(made).prepare(ladder=LADDER)
    return made


def memory(world: SteppedCluster) -> dict[str, Any]:
    """Return what the claim remembers."""
    return dict(json.loads(world.annotation(state_key(APP))))


def record(world: SteppedCluster) -> tuple[str, str, str]:
    """Return outcome, verdict and reason of the last run."""
    found = json.loads(world.annotation(record_key(APP)))
    return found["outcome"], found["verdict"], found["reason"]


def climbed(world: SteppedCluster) -> None:
    """Pass every rung."""
    for weight in (5, 60):
        assert 0 == StepProcess(world).analyze(weight).exit_code


def refused(world: SteppedCluster, what: str) -> None:
    """Check that promote ends with 4, and that nothing was written."""
    process, before = StepProcess(world), world.summary()
    with pytest.raises(PermanentError, match=what) as caught:
        process.promote()
    assert (4, 0, before) == (caught.value.exit_code, process.kill_point.writes, world.summary())


def test_a_run_that_passed_every_rung_is_promoted_and_recorded_so(world: SteppedCluster) -> None:
    """The record names the rungs."""
    climbed(world)
    assert "promoted" == StepProcess(world).promote().results["outcome"]
    assert ("promoted", "pass", "the canary passed every rung (5, 60); stable runs its template") == record(world)


def test_the_claim_keeps_ladder_and_verdicts(world: SteppedCluster) -> None:
    """For every later pod, in any process."""
    StepProcess(world).analyze(5)
    StepProcess(world).set_weight(60)
    StepProcess(world).analyze(None, FixedEvidence(None), **SHORT)
    assert [5, 60] == memory(world)["ladder"]
    assert [[5, "pass"], [60, "inconclusive"]] == [entry[:2] for entry in memory(world)["verdicts"]]


def test_a_promote_before_any_rung_is_refused(world: SteppedCluster) -> None:
    """No request of a user was judged."""
    refused(world, "no weight was set in this run")


def test_a_promote_after_an_inconclusive_rung_is_refused(world: SteppedCluster) -> None:
    """Its exit code 6 was ignored."""
    StepProcess(world).analyze(5)
    assert 6 == StepProcess(world).analyze(60, FixedEvidence(None), **SHORT).exit_code
    refused(world, "weight 60 was judged inconclusive")


def test_a_promote_after_a_fail_that_only_exited_is_refused(world: SteppedCluster) -> None:
    """`--on-fail exit` leaves the weight; an older pass of that weight no longer counts."""
    climbed(world)
    assert 5 == StepProcess(world).analyze(None, FixedEvidence(1.0), on_fail="exit").exit_code
    refused(world, "weight 60 was judged fail")


def test_a_promote_of_a_weight_that_nobody_judged_is_refused(world: SteppedCluster) -> None:
    """The pass belonged to the previous weight."""
    StepProcess(world).analyze(5)
    StepProcess(world).set_weight(60)
    refused(world, "weight 60 has no verdict since it was set")


def test_a_promote_from_the_middle_of_the_ladder_is_refused(world: SteppedCluster) -> None:
    """The refusal names the rungs that are left."""
    StepProcess(world).analyze(5)
    refused(world, "weight 5 passed, but the ladder 5, 60 is not finished: 60 is left")


def test_a_promote_at_weight_0_is_refused(world: SteppedCluster) -> None:
    """Somebody set weight 0 after the pass, for a reason."""
    climbed(world)
    StepProcess(world).set_weight(0)
    refused(world, "the canary has weight 0 since .*; weight 60 before it was judged pass")


def test_a_claim_of_an_older_image_does_not_count_as_a_pass(world: SteppedCluster) -> None:
    """It has neither ladder nor verdicts; judge a rung again, or give a reason."""
    climbed(world)

    def forget(item: dict[str, Any]) -> dict[str, Any]:
        body = json.loads(item["metadata"]["annotations"][state_key(APP)])
        old = {name: value for name, value in body.items() if name not in {"ladder", "verdicts"}}
        item["metadata"]["annotations"][state_key(APP)] = json.dumps(old)
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, forget, manager="older")
    refused(world, "or an older image judged it, which keeps no verdicts")
    StepProcess(world).analyze(None)
    assert "promoted" == StepProcess(world).promote().results["outcome"]


def test_a_reason_promotes_without_a_pass_and_the_record_says_so(world: SteppedCluster) -> None:
    """The record never shows a pass."""
    StepProcess(world).analyze(5)
    end = StepProcess(world).promote(unjudged="no traffic at night, tested by hand")
    assert "promoted" == end.results["outcome"]
    outcome, verdict, reason = record(world)
    assert ("promoted", "unjudged") == (outcome, verdict)
    assert (
        "promoted without a pass: no traffic at night, tested by hand (weight 5 pass; weight 60 not judged)" in reason
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"on_inconclusive": "pass", **SHORT}, "60 by policy, inconclusive"),
        ({"on_inconclusive": "pause", "poll_seconds": 0.005, "timeout_seconds": 0.3}, "60 by hand, inconclusive"),
    ],
)
def test_a_pass_that_is_not_the_judges_own_is_recorded_as_such(
    world: SteppedCluster, more: dict[str, Any], said: str
) -> None:
    """By policy, or by a person."""
    StepProcess(world).analyze(5)
    reader = FixedEvidence(None, lambda _: StepProcess(world).approve() if more["on_inconclusive"] == "pause" else None)
    assert 0 == StepProcess(world).analyze(60, reader, **more).exit_code
    StepProcess(world).promote()
    assert ("promoted", "pass") == record(world)[:2]
    assert said in record(world)[2]


def test_a_gate_that_was_approved_counts_as_the_judges_pass(world: SteppedCluster) -> None:
    """Person and judge agree."""
    StepProcess(world).analyze(5)
    reader = FixedEvidence(0.0, lambda _: StepProcess(world).approve())
    assert 0 == StepProcess(world).analyze(60, reader, hold=True, poll_seconds=0.005).exit_code
    StepProcess(world).promote()
    assert "the canary passed every rung (5, 60); stable runs its template" == record(world)[2]


@pytest.mark.parametrize("unjudged", ["", "tested by hand"])
@pytest.mark.parametrize("finisher", ["promote", "rollback", "sweep", "prepare"])
def test_a_promote_that_died_at_its_end_is_recorded_truly(world: SteppedCluster, finisher: str, unjudged: str) -> None:
    """The step that finishes it reads the verdicts from the claim; by then the weight is already falling."""
    StepProcess(world).analyze(5)
    if not unjudged:
        StepProcess(world).analyze(60)
    counted, kept = StepProcess(world), world.keep()
    counted.promote(unjudged=unjudged)
    recorded = record(world)
    world.put_back(kept)
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(counted.kill_point.writes, "before")).promote(unjudged=unjudged)
    if finisher in {"sweep", "prepare"}:
        world.store.clock_offset_seconds += 700
    finish(StepProcess(world), finisher)
    assert recorded == record(world)
    assert ("promoted", "unjudged" if unjudged else "pass") == recorded[:2]


def finish(process: StepProcess, step: str) -> StepEnd:
    """Run a step that ends a promote; prepare does so for a run of its own."""
    return (
        process.prepare(run="two", image="shop:3") if step == "prepare" else StepEnd(getattr(process, step)().results)
    )


def test_a_promote_that_began_is_finished_without_being_asked_again(world: SteppedCluster) -> None:
    """Its weight falls in steps, which must not count as rungs without a verdict."""
    climbed(world)
    counted, kept = StepProcess(world), world.keep()
    counted.promote()
    for number in range(1, counted.kill_point.writes + 1):
        world.put_back(kept)
        with pytest.raises(Killed):
            StepProcess(world, KillPoint(number, "after")).promote()
        assert "promoted" == StepProcess(world).promote().results["outcome"], number
        assert ("promoted", "pass") == record(world)[:2], number


def test_a_rolled_back_run_records_its_last_verdict(world: SteppedCluster) -> None:
    """The verdict that caused the rollback."""
    StepProcess(world).analyze(5)
    assert 5 == StepProcess(world).analyze(60, FixedEvidence(1.0)).exit_code
    StepProcess(world).rollback()
    assert ("rolled-back", "fail") == record(world)[:2]


def test_a_run_that_ends_at_a_weight_that_nobody_judged_records_no_verdict(world: SteppedCluster) -> None:
    """The pass of the weight before says nothing about it."""
    StepProcess(world).analyze(5)
    StepProcess(world).set_weight(60)
    StepProcess(world).rollback()
    assert ("rolled-back", "") == record(world)[:2]


def test_the_report_of_a_running_release_has_its_verdict(world: SteppedCluster) -> None:
    """As the claim keeps it, in every phase."""
    StepProcess(world).analyze(5)
    assert "  verdict  pass" in StepProcess(world).report().splitlines()
    StepProcess(world).analyze(60, FixedEvidence(1.0))
    assert "  verdict  fail" in StepProcess(world).report().splitlines()


@pytest.mark.parametrize(("before", "weight"), [(60, 5), (5, 30), (5, 100)])
@pytest.mark.parametrize("step", ["set_weight", "analyze"])
def test_a_weight_off_or_down_the_ladder_is_refused(world: SteppedCluster, step: str, before: int, weight: int) -> None:
    """Exit 4, by each step that sets a weight; set-weight writes only why, for an analyze that waits for the weight."""
    StepProcess(world).set_weight(before)
    process, seen = StepProcess(world), world.summary()
    with pytest.raises(PermanentError, match="ladder 5, 60"):
        getattr(process, step)(weight)
    reported = 1 if step == "set_weight" else 0
    assert (reported, seen) == (process.kill_point.writes, world.summary())


def test_weight_0_can_be_set_from_any_rung(world: SteppedCluster) -> None:
    """Weight 0 is on no ladder and always allowed; from there the ladder may be climbed again."""
    climbed(world)
    StepProcess(world).set_weight(0)
    assert {(100, 0)} == world.weights()
    climbed(world)
    assert "promoted" == StepProcess(world).promote().results["outcome"]


def test_a_prepare_that_is_repeated_keeps_the_ladder_of_the_first(world: SteppedCluster) -> None:
    """A retry of its pod must not change the ladder."""
    StepProcess(world).prepare(ladder="1,2")
    assert [5, 60] == memory(world)["ladder"]


def test_a_claim_that_is_gone_gets_no_verdict(world: SteppedCluster) -> None:
    """Another run took it over during the analysis: exit 7, and the new claim has nothing of the old run."""
    reader = FixedEvidence(0.0, lambda _: StepProcess(world).prepare(run="two", image="shop:3", on_busy="supersede"))
    with pytest.raises(NotOwnerError):
        StepProcess(world).analyze(5, reader)
    assert [] == memory(world).get("verdicts", [])
