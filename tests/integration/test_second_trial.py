"""After an alarm users go back, fresh pods are tried, and only an alarm that comes again ends the release."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from steps.claim.keys import record_key, state_key
from steps.errors import PermanentError
from steps.model.trials import Trial
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import AUTOSCALER, POD, Json
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster
from tests.support.trial_evidence import TrialEvidence

pytestmark = pytest.mark.integration

GIVEN: dict[str, Any] = {"second_trial": "auto", "poll_seconds": 0.001, "min_requests": 20, "timeout_seconds": 60}
NEVER: dict[str, Any] = {**GIVEN, "second_trial": "never"}
EVERY = range(1, 100)


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with shop:2 to release."""
    return SteppedCluster(tmp_path)


def bad(world: SteppedCluster, pods: Collection[int]) -> TrialEvidence:
    """Return evidence in which these pods of the canary fail everything, by the order in which they came."""
    return TrialEvidence(world, lambda number: number in pods)


def slowly_bad(world: SteppedCluster, is_bad: Callable[[int], bool]) -> TrialEvidence:
    """Return evidence in scrapes of 5 s after a long quiet past: one scrape in which everything fails is an alarm."""
    return TrialEvidence(world, is_bad, scrape_seconds=5.0, past=30)


def state(world: SteppedCluster) -> Json:
    """Return the state in the claim."""
    return dict(json.loads(world.annotation(state_key(APP)) or "{}"))


def record(world: SteppedCluster) -> Json:
    """Return the record of the last run."""
    return dict(json.loads(world.annotation(record_key(APP)) or "{}"))


def climbed(world: SteppedCluster) -> list[int]:
    """Return the weights of the last run."""
    return [weight for _, weight in record(world)["weights"]]


def shared(world: SteppedCluster) -> list[bool]:
    """Return of each trial of the last run whether stable shared the cause of its alarm."""
    place = [one.name for one in fields(Trial)].index("shared")
    return [trial[place] for trial in record(world)["trials"]]


def seen(world: SteppedCluster) -> dict[str, object]:
    """Return what the run left."""
    summary = world.summary()
    return {name: summary[name] for name in RESTORED}


def stop_between_trials(world: SteppedCluster, evidence: TrialEvidence) -> None:
    """Kill a rollout when its users are back and the old pods still run."""
    counted = KillPoint()
    process = StepProcess(world, counted)

    def die(*_: object) -> None:
        raise Killed

    evidence.on_weight_zero = die
    with pytest.raises(Killed):
        process.rollout(evidence, **GIVEN)
    evidence.on_weight_zero = None
    assert {(100, 0)} == world.weights()
    assert 1 == len(state(world)["trials"])


def test_a_bad_version_is_condemned_by_fresh_pods(world: SteppedCluster) -> None:
    """Each set of pods costs one scrape of requests; record and report name both trials."""
    evidence = bad(world, EVERY)
    end = StepProcess(world).rollout(evidence, **GIVEN)
    assert (5, "rolled-back") == (end.exit_code, end.results["outcome"])
    assert "fresh pods confirm the alarm at weight 5" in end.results["reason"]
    assert RESTORED == seen(world)
    assert (2, 100) == (len(evidence.seen_pods), evidence.failed)
    assert [5, 0, 5, 0] == climbed(world)
    assert [5] == [trial[1] for trial in record(world)["trials"]]
    assert "trial 1  alarm at weight 5" in StepProcess(world).report()


def test_a_bad_first_pod_does_not_end_a_good_release(world: SteppedCluster) -> None:
    """Its successor is judged in its place, and the record says so."""
    evidence = bad(world, {1})
    end = StepProcess(world).rollout(evidence, **GIVEN)
    assert (0, "promoted", 50) == (end.exit_code, end.results["outcome"], evidence.failed)
    assert PROMOTED == seen(world)
    assert "fresh pods did not repeat the alarm at weight 5" in record(world)["reason"]


def test_after_an_alarm_on_a_high_rung_the_ladder_goes_on_from_the_rung_below(world: SteppedCluster) -> None:
    """Fresh pods begin at the lowest rung; the rung of the alarm is judged again."""
    evidence = bad(world, {3})
    end = StepProcess(world).rollout(evidence, **{**GIVEN, "ladder": (5, 10, 20, 60, 90)})
    assert 0 == end.exit_code
    assert [5, 10, 20, 60, 90, 0, 5, 60, 90, 0] == climbed(world)


def test_an_alarm_further_up_than_the_first_one_gets_a_trial_too_but_the_third_one_fails(
    world: SteppedCluster,
) -> None:
    """The pods of the second trial had passed the rung of the first alarm."""
    evidence = bad(world, {1, 3, 4})
    end = StepProcess(world).rollout(evidence, **GIVEN)
    assert 5 == end.exit_code
    assert [5, 0, 5, 60, 0, 5, 0] == climbed(world)
    assert "this is alarm number 3" in end.results["reason"]


def test_an_alarm_whose_cause_stable_shares_does_not_count_as_the_first(world: SteppedCluster) -> None:
    """The next alarm does not confirm it, but the third one fails in any case."""
    evidence = bad(world, EVERY)
    evidence.stable_fails_after_alarm = True
    end = StepProcess(world).rollout(evidence, **GIVEN)
    assert 5 == end.exit_code
    assert [True, False] == shared(world)
    assert "this is alarm number 3" in end.results["reason"]


def test_without_second_trial_an_alarm_of_one_scrape_fails_after_a_look_at_stable(world: SteppedCluster) -> None:
    """The users are back by then; no pod is replaced."""
    evidence = slowly_bad(world, lambda _: True)
    end = StepProcess(world).rollout(evidence, **NEVER)
    assert (5, "rolled-back") == (end.exit_code, end.results["outcome"])
    assert end.results["reason"].endswith("stable's next 2 scrapes were not as bad")
    assert (1, 50) == (len(evidence.seen_pods), evidence.failed)
    assert ([5, 0], RESTORED) == (climbed(world), seen(world))


def outage_that_comes_to_the_canary_first(world: SteppedCluster) -> TrialEvidence:
    """Return evidence of an outage that stable meets one scrape later, and that is over then."""
    came: list[bool] = []
    evidence = slowly_bad(world, lambda _: not came)
    evidence.stable_fails_after_alarm = True
    evidence.on_weight_zero = lambda: came.append(True)
    return evidence


def test_without_second_trial_an_outage_that_comes_to_the_canary_first_ends_no_good_release(
    world: SteppedCluster,
) -> None:
    """The same pods climb again from the lowest rung, and the record says why."""
    evidence = outage_that_comes_to_the_canary_first(world)
    end = StepProcess(world).rollout(evidence, **NEVER)
    assert (0, "promoted", 50) == (end.exit_code, end.results["outcome"], evidence.failed)
    assert ([5, 0, 5, 60, 0], PROMOTED) == (climbed(world), seen(world))
    assert [True] == shared(world)


def test_a_process_that_goes_on_after_the_look_at_stable_began_fails_the_canary_by_the_claim(
    world: SteppedCluster,
) -> None:
    """The first one was killed when the users were back; the reason is the first one's."""
    evidence = slowly_bad(world, lambda _: True)

    def die() -> None:
        evidence.on_weight_zero = None
        raise Killed

    evidence.on_weight_zero = die
    with pytest.raises(Killed):
        StepProcess(world).rollout(evidence, **NEVER)
    assert ({(100, 0)}, 1) == (world.weights(), len(state(world)["trials"]))
    end = StepProcess(world).rollout(evidence, **NEVER)
    assert (5, "rolled-back", 50) == (end.exit_code, end.results["outcome"], evidence.failed)
    assert "stable's next 2 scrapes were not as bad" in end.results["reason"]


@pytest.mark.parametrize("second_trial", ["never", "auto"])
def test_stable_itself_is_looked_at_where_a_baseline_is_the_control(world: SteppedCluster, second_trial: str) -> None:
    """The baseline gets no requests while the users are back: to wait for its scrapes would take two minutes."""
    evidence = slowly_bad(world, lambda _: True)
    end = StepProcess(world).rollout(evidence, **{**NEVER, "second_trial": second_trial, "baseline": True})
    assert 5 == end.exit_code
    assert {f"{APP}-baseline"} == {control for weight, control in evidence.controls if weight}
    assert {""} == {control for weight, control in evidence.controls if weight == 0}


def test_a_slow_failure_fails_without_a_look_at_stable(world: SteppedCluster) -> None:
    """Its alarm rests on several scrapes, in which stable had no trouble."""
    evidence = bad(world, EVERY)
    evidence.bad_share = 0.2
    end = StepProcess(world).rollout(evidence, **NEVER)
    assert 5 == end.exit_code
    assert "trials" not in record(world)


def test_pods_whose_number_an_autoscaler_sets_are_not_replaced(world: SteppedCluster) -> None:
    """The first alarm fails, at the usual line: nobody could start fresh pods."""
    reference = {"kind": "Deployment", "name": f"{APP}-canary", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": reference, "minReplicas": 2, "maxReplicas": 5}
    meta = {"name": APP, "namespace": NAMESPACE}
    world.create(AUTOSCALER, {"metadata": meta, "spec": spec})
    end = StepProcess(world).rollout(bad(world, EVERY), **GIVEN)
    assert 5 == end.exit_code
    assert "trials" not in record(world)
    assert json.loads(end.results["judgement"])["limit"] == pytest.approx(100.0)


def test_users_stay_where_only_the_canary_can_answer(world: SteppedCluster) -> None:
    """As after any fail: a second trial sends nobody to a stable without a ready pod."""
    evidence, process = bad(world, EVERY), StepProcess(world)
    process.prepare()
    process.set_weight(60)
    world.faulty["shop:1"] = "never-ready"
    for pod in world.store.list(POD, NAMESPACE, f"app={APP}"):
        world.store.delete(POD, NAMESPACE, pod["metadata"]["name"])
    world.tick()
    with pytest.raises(PermanentError, match="has no ready pod"):
        process.analyze(60, evidence, **GIVEN)
    assert ({(40, 60)}, False) == (world.weights(), "trials" in state(world))


@pytest.mark.parametrize("pods", [{1}, EVERY])
def test_a_step_of_its_own_conducts_the_second_trial(world: SteppedCluster, pods: Collection[int]) -> None:
    """As in Argo and Tekton: analyze ends at its own weight with a pass of fresh pods, or with a fail."""
    evidence, process = bad(world, pods), StepProcess(world)
    process.prepare()
    is_good = len(pods) == 1
    assert (0 if is_good else 5) == process.analyze(60, evidence, **GIVEN).exit_code
    assert {(40, 60) if is_good else (100, 0)} == world.weights()
    if is_good:
        assert "promoted" == process.promote().results["outcome"]


def test_nobody_is_promoted_before_the_second_trial_ran(world: SteppedCluster) -> None:
    """Not by promote, and after a rerun only by fresh pods."""
    evidence = bad(world, {1})
    stop_between_trials(world, evidence)
    with pytest.raises(PermanentError, match="weight 0"):
        StepProcess(world).promote()
    assert 0 == StepProcess(world).rollout(evidence, **GIVEN).exit_code
    assert PROMOTED == seen(world)
    assert 2 <= len(evidence.seen_pods)


@pytest.mark.parametrize("way", ["rollback", "sweep"])
def test_between_two_trials_a_run_can_be_ended(world: SteppedCluster, way: str) -> None:
    """By a person, or when its claim expired."""
    stop_between_trials(world, bad(world, EVERY))
    if way == "rollback":
        StepProcess(world).rollback()
    else:
        world.wait(1000.0)
        StepProcess(world).sweep()
    assert RESTORED == seen(world)
    assert 1 == len(record(world)["trials"])


def kills(world: SteppedCluster, pods: Collection[int], ending: dict[str, object], numbers: Collection[int]) -> None:
    """Kill a rollout after each of these writes (all if there are none), and run it again."""
    counted, kept = StepProcess(world), world.keep()
    counted.rollout(bad(world, pods), **GIVEN)
    assert ending == seen(world)
    for number in numbers or range(1, counted.kill_point.writes + 1):
        world.put_back(kept)
        evidence = bad(world, pods)
        with pytest.raises(Killed):
            StepProcess(world, KillPoint(number, "after")).rollout(evidence, **GIVEN)
        StepProcess(world).rollout(evidence, **GIVEN)
        assert ending == seen(world), number


def test_a_kill_around_the_second_trial_changes_no_end(world: SteppedCluster) -> None:
    """Right after the old pods were stopped; the full run tries every write."""
    kills(world, {1}, PROMOTED, (17,))


@pytest.mark.full
@pytest.mark.parametrize(("pods", "ending"), [({1}, PROMOTED), (EVERY, RESTORED)])
def test_a_kill_after_any_write_changes_no_end(
    world: SteppedCluster, pods: Collection[int], ending: dict[str, object]
) -> None:
    """A bad first pod ends promoted, a bad version restored."""
    kills(world, pods, ending, ())
