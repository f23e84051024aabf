"""A cluster event takes the canary's pods away: users go back to stable, the rung waits and starts again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.claim.keys import record_key
from steps.errors import PermanentError
from tests.support.disrupted_cluster import CANARY, DisruptedCluster, analyze, memory
from tests.support.fixed_evidence import GrowingEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import EVENT
from tests.support.shop_release import APP, NAMESPACE

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> DisruptedCluster:
    """Return a cluster with a run at weight 20."""
    made = DisruptedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(20)
    return made


@pytest.mark.parametrize("reason", ["EvictionByEvictionAPI", "PreemptionByScheduler", ""])
def test_users_go_back_at_once_and_the_rung_begins_anew(world: DisruptedCluster, reason: str) -> None:
    """The errors of the pod's end are not the version's; the phase stays walking; the weight returns with the pods."""
    seen: list[set[tuple[int, ...]]] = []

    def evict() -> None:
        world.take_away(reason=reason)
        reader.down = True

    def watch() -> None:
        seen.append(world.weights())
        reader.down = False

    reader = GrowingEvidence(world, {2: evict, 3: watch, 8: world.heal})
    with capture_logs() as logged:
        end = analyze(world, reader)
    events = [line["event"] for line in logged]

    assert (0, "pass") == (end.exit_code, end.results["verdict"]), end
    assert [{(100, 0)}] == seen
    assert [20, 20, 0, 0, 0, 0, 0, 0] == reader.weights[:8]
    assert {20} == set(reader.weights[8:])
    assert len(reader.weights) >= 11, "three scrapes and seconds of its own after the pause"
    assert {(80, 20)} == world.weights()
    assert {"one:1:walking"} == world.tokens()
    told = [name for name in events if name in {"canary.disrupted", "weight.paused", "weight.resumed"}]
    assert ["canary.disrupted", "weight.paused", "weight.resumed"] == told
    assert "paused_weight" not in memory(world)
    assert [0, 20, 0, 20] == [0, *(weight for _, weight in memory(world)["weights"])]


def test_events_on_the_virtual_service_report_the_pause(world: DisruptedCluster) -> None:
    """With the pod and the cause."""
    analyze(world, GrowingEvidence(world, {2: world.take_away, 5: world.heal}))
    events = {item["reason"]: item["message"] for item in world.store.list(EVENT, NAMESPACE)}

    assert "was evicted, for example by a drain, the descheduler or an autoscaler does" in events["WeightPaused"]
    assert "restored the canary's weight of 20" in events["WeightResumed"]


def test_a_pod_that_does_not_come_back_is_inconclusive(world: DisruptedCluster) -> None:
    """Never a failure; users are on stable, and the claim remembers the weight."""
    end = analyze(world, GrowingEvidence(world, {2: world.take_away}), disruption_seconds=30)

    assert (6, "inconclusive", "disrupted") == (end.exit_code, end.results["verdict"], end.summary["code"])
    assert "0 of 1 ready after 30 s (--disruption-seconds)" in end.results["reason"]
    assert ({(100, 0)}, 20) == (world.weights(), memory(world)["paused_weight"])
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert ({(100, 0)}, {""}) == (world.weights(), world.tokens())


def record(world: DisruptedCluster) -> tuple[str, str]:
    """Return outcome and verdict of the run that ended."""
    found = json.loads(world.annotation(record_key(APP)))
    return found["outcome"], found["verdict"]


@pytest.mark.parametrize(("verdict", "then"), [("fail", "crashes"), ("inconclusive", "never-ready")])
def test_the_verdict_of_a_pause_is_kept_for_the_weight_before_it(
    world: DisruptedCluster, verdict: str, then: str
) -> None:
    """The pass of an earlier rung is not recorded, and a promote says what was judged."""
    analyze(world, GrowingEvidence(world))
    reader = GrowingEvidence(world, {2: world.take_away, 6: lambda: world.fault(then)})
    end = analyze(world, reader, 60, disruption_seconds=10)

    assert verdict == end.results["verdict"]
    assert [[20, "pass"], [60, verdict]] == [kept[:2] for kept in memory(world)["verdicts"]]
    if verdict == "inconclusive":
        with pytest.raises(PermanentError, match="weight 60 before it was judged inconclusive"):
            StepProcess(world).promote()
    StepProcess(world).rollback()
    assert ("rolled-back", verdict) == record(world)


def test_with_disruption_seconds_0_it_is_inconclusive_at_once(world: DisruptedCluster) -> None:
    """Users are back on stable before the step ends."""
    reader = GrowingEvidence(world, {2: world.take_away})
    end = analyze(world, reader, disruption_seconds=0)

    assert (6, 3, {(100, 0)}) == (end.exit_code, reader.reads, world.weights())


@pytest.mark.parametrize(("when", "looks"), [("at once", 2), ("amid the pause", 6)])
def test_a_crash_stays_a_failure(world: DisruptedCluster, when: str, looks: int) -> None:
    """A crash by itself, or of the pod that replaces an evicted one."""
    events: dict[int, Callable[[], object]] = {looks: lambda: world.fault("crashes")}
    reader = GrowingEvidence(world, events if when == "at once" else {2: world.take_away, **events})
    end = analyze(world, reader)

    assert (5, "fail", "canary-unhealthy") == (end.exit_code, end.results["verdict"], end.summary["code"])
    assert reader.reads <= looks + 8
    assert {(100, 0)} == world.weights()
    assert {"one:1:rolling-back"} == world.tokens()


def test_some_lost_pods_keep_the_weight(world: DisruptedCluster) -> None:
    """The others serve for longer than a minute, as long as a disruption may take; nothing passes meanwhile."""
    StepProcess(world).set_weight(60)
    world.settle(CANARY)
    assert 2 == len(world.pods())
    reader = GrowingEvidence(world, {2: lambda: world.take_away(1), 80: world.heal})
    end = analyze(world, reader, min_requests=1)

    assert (0, {60}) == (end.exit_code, set(reader.weights))
    assert 80 <= reader.reads
    assert 1 == len(memory(world)["disruptions"])


def test_a_fourth_disruption_is_inconclusive(world: DisruptedCluster) -> None:
    """Three are waited for."""
    events: dict[int, Callable[[], object]] = {}
    for turn in range(6):
        events |= {2 + 4 * turn: world.take_away, 4 + 4 * turn: world.heal}
    end = analyze(world, GrowingEvidence(world, events), min_seconds=60)

    assert (6, "disrupted") == (end.exit_code, end.summary["code"])
    assert "were disrupted 4 times in this run, more than the maximum of 3" in end.results["reason"]
