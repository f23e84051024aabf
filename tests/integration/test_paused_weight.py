"""A weight paused by a disruption: a killed step resumes, another step ends the pause, a gate waits through it."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.claim.keys import approval_key
from steps.errors import ForeignWrite
from tests.support.disrupted_cluster import CANARY, GIVEN, DisruptedCluster, analyze, memory
from tests.support.fixed_evidence import GrowingEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> DisruptedCluster:
    """Return a cluster with a run at weight 20."""
    made = DisruptedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(20)
    return made


class Dies(BaseException):
    """The process ends."""


def die() -> None:
    """End the process during a poll."""
    raise Dies


def paused(world: DisruptedCluster) -> None:
    """Leave a run with a paused weight, as a killed process does."""
    with pytest.raises(Dies):
        analyze(world, GrowingEvidence(world, {2: world.take_away, 4: die}))
    assert ({(100, 0)}, 20) == (world.weights(), memory(world)["paused_weight"])


@pytest.mark.parametrize("weight", [None, 20])
def test_a_killed_step_goes_on_from_the_pause(world: DisruptedCluster, weight: int | None) -> None:
    """With its weight or without; it waits for the pods first, and counts the time since the disruption began."""
    paused(world)
    reader = GrowingEvidence(world, {3: world.heal})
    end = analyze(world, reader, weight)

    assert (0, {(80, 20)}) == (end.exit_code, world.weights())
    assert [0, 0, 0, 20] == reader.weights[:4]
    assert 1 == len(memory(world)["disruptions"])


def test_a_killed_step_keeps_the_time_it_waited(world: DisruptedCluster) -> None:
    """Otherwise a step that is killed again and again would wait for ever."""
    paused(world)
    world.store.clock_offset_seconds += 25
    reader = GrowingEvidence(world)

    assert 6 == analyze(world, reader, disruption_seconds=20).exit_code
    assert 1 == reader.reads


def test_set_weight_ends_a_pause(world: DisruptedCluster) -> None:
    """To another weight, or to none: what was to be set again is forgotten."""
    paused(world)
    world.heal()
    StepProcess(world).set_weight(30)
    assert ({(70, 30)}, None) == (world.weights(), memory(world).get("paused_weight"))
    StepProcess(world).set_weight(0)
    assert ({(100, 0)}, None) == (world.weights(), memory(world).get("paused_weight"))


def test_sweep_and_rollback_restore_a_paused_run(world: DisruptedCluster) -> None:
    """Nothing is set again."""
    paused(world)
    world.store.clock_offset_seconds += 700
    StepProcess(world).sweep()

    assert ({(100, 0)}, {""}, 0) == (world.weights(), world.tokens(), world.canary_replicas())


def test_other_pods_than_the_judged_ones_get_no_users(world: DisruptedCluster) -> None:
    """Somebody released another image onto the canary meanwhile."""
    reader = GrowingEvidence(world, {2: world.take_away, 4: lambda: world.set_image(CANARY, "shop:3")})
    with pytest.raises(ForeignWrite, match="changed its pod template in the meantime"):
        analyze(world, reader)
    assert {(100, 0)} == world.weights()


def test_stable_that_is_down_gets_no_users(tmp_path: Path) -> None:
    """As with a retreat: the weight is held while the baseline behind the canary's destination may serve."""
    world = DisruptedCluster(tmp_path, baseline=True)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)

    def stop(item: Json) -> Json:
        return {**item, "spec": {**item["spec"], "replicas": 0}}

    def outage() -> None:
        world.take_away()
        world.store.change(DEPLOYMENT, NAMESPACE, APP, stop, manager="kubectl")
        for _ in range(5):
            world.tick()

    with capture_logs() as logged:
        end = analyze(world, GrowingEvidence(world, {2: outage}), disruption_seconds=10)

    assert (6, {(80, 20)}) == (end.exit_code, world.weights())
    assert 1 == [line["event"] for line in logged].count("pause.held")


def test_a_gate_waits_through_a_disruption(world: DisruptedCluster) -> None:
    """It continues at the weight, and then a person's approval opens it; the claim stays alive meanwhile."""

    def approve() -> None:
        def change(item: Json) -> Json:
            item["metadata"]["annotations"][approval_key(APP)] = "one"
            return item

        world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="kubectl")

    reader = GrowingEvidence(world, {2: world.take_away, 6: world.heal, 12: approve})
    end = analyze(world, reader, hold=True)

    assert (0, "pass", {(80, 20)}) == (end.exit_code, end.results["verdict"], world.weights())
    assert 12 == reader.reads


def test_an_inconclusive_disruption_is_held_for_a_person(world: DisruptedCluster) -> None:
    """With `--on-inconclusive pause`; if the pods come back after all, the rung starts again and passes."""
    with capture_logs() as logged:
        reader = GrowingEvidence(world, {2: world.take_away, 9: world.heal})
        end = analyze(world, reader, disruption_seconds=3, on_inconclusive="pause")

    assert (0, "pass") == (end.exit_code, end.results["verdict"])
    assert "gate.holding" in [line["event"] for line in logged]


def test_without_a_claim_nothing_is_written(world: DisruptedCluster) -> None:
    """A read-only analysis looks at Prometheus alone."""
    before = world.store.revision
    process: StepProcess = StepProcess(world)
    process.analyze(None, GrowingEvidence(world), run="", **GIVEN)

    assert before == world.store.revision
