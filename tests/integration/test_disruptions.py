"""A cluster event takes the canary's pods away: users go back to stable, the rung waits and begins anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.errors import ForeignWrite, PermanentError
from steps.step import StepEnd
from steps.traffic.keys import approval_key, memory_key, record_key
from tests.integration.clockwork import APP, Clockwork, Process, Witness
from tests.integration.users import Users
from tests.lab.embedded.api.kinds import DEPLOYMENT, EVENT, POD, VIRTUAL_SERVICE, Json
from tests.unit.workload.paper import NAMESPACE

pytestmark = pytest.mark.integration
CANARY = f"{APP}-canary"
GIVEN: Json = {"poll_seconds": 0.002, "timeout_seconds": 20, "min_requests": 20, "min_seconds": 3}


class Field(Clockwork):
    """An app whose canary's pods can be taken away, as a cluster does it."""

    def __init__(self, folder: Path, *, baseline: bool = False) -> None:
        self.slow: set[str] = set()
        super().__init__(folder, baseline=baseline)

    def pods(self) -> list[Json]:
        """Return the canary's pods that are there to stay."""
        found = [pod for pod in self.store.list(POD, NAMESPACE) if pod["metadata"]["labels"]["app"] == CANARY]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def fault(self, fault: str) -> None:
        """Let the canary's pods be "never-ready", "crashes" or well ("")."""
        self.faulty["shop:2"] = fault
        self.tick()

    def heal(self) -> None:
        """Let replacements get ready."""
        self.fault("")

    def take_away(self, count: int = 9, reason: str = "EvictionByEvictionAPI") -> None:
        """Evict pods of the canary, or delete them (""); what replaces them is not ready until `heal`."""
        victims = self.pods()[:count]
        self.slow = {pod["metadata"]["name"] for pod in self.pods()[count:]}
        for pod in victims:
            name = pod["metadata"]["name"]
            self.store.change(POD, NAMESPACE, name, _bound)
            if reason:
                self.store.set_status(POD, NAMESPACE, name, self._targeted(pod["status"], reason))
            self.store.delete(POD, NAMESPACE, name)
        self.faulty["shop:2"] = "never-ready"

    def _targeted(self, status: Json, reason: str) -> Json:
        condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "by a test"}
        return {**status, "conditions": [*status["conditions"], {**condition, "lastTransitionTime": self.now()}]}

    def now(self) -> str:
        """Return the server's time."""
        return self.store.timestamp()

    def _run_pod(self, pod: Json) -> None:
        """Leave alone what is being deleted, and what was well before the others were taken away."""
        name = pod["metadata"]["name"]
        if "deletionTimestamp" in pod["metadata"]:
            if pod["metadata"]["deletionTimestamp"] < self.now():
                self.store.delete(POD, NAMESPACE, name, grace_seconds=0)
        elif name not in self.slow:
            super()._run_pod(pod)


def _bound(pod: Json) -> Json:
    return {**pod, "spec": {**pod["spec"], "nodeName": "node-1"}}


@pytest.fixture
def world(tmp_path: Path) -> Field:
    """Return a cluster with a run at weight 20."""
    made = Field(tmp_path)
    made.process().prepare()
    made.process().set_weight(20)
    return made


def memory(world: Field) -> Json:
    """Return what the claim remembers."""
    return dict(json.loads(world.annotation(memory_key(APP))))


def analyze(world: Field, reader: Witness, weight: int | None = None, **more: object) -> StepEnd:
    """Judge in a new process."""
    return world.process().analyze(weight, reader, **{**GIVEN, **more})


@pytest.mark.parametrize("reason", ["EvictionByEvictionAPI", "PreemptionByScheduler", ""])
def test_users_go_back_at_once_and_the_rung_begins_anew(world: Field, reason: str) -> None:
    """The errors of the pod's end are not the version's; the phase stays walking; the weight returns with the pods."""
    seen: list[set[tuple[int, ...]]] = []

    def evict() -> None:
        world.take_away(reason=reason)
        reader.down = True

    def watch() -> None:
        seen.append(world.weights())
        reader.down = False

    reader = Users(world, {2: evict, 3: watch, 8: world.heal})
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


def test_events_tell_of_the_pause_on_the_virtual_service(world: Field) -> None:
    """With the pod and the cause."""
    analyze(world, Users(world, {2: world.take_away, 5: world.heal}))
    events = {item["reason"]: item["message"] for item in world.store.list(EVENT, NAMESPACE)}

    assert "was evicted, for example by a drain, the descheduler or an autoscaler does" in events["WeightPaused"]
    assert "restored the canary's weight of 20" in events["WeightResumed"]


def test_a_pod_that_does_not_come_back_is_inconclusive(world: Field) -> None:
    """Never a failure; users are on stable, and the claim remembers the weight."""
    end = analyze(world, Users(world, {2: world.take_away}), disruption_seconds=30)

    assert (6, "inconclusive", "disrupted") == (end.exit_code, end.results["verdict"], end.summary["code"])
    assert "0 of 1 ready after 30 s (--disruption-seconds)" in end.results["reason"]
    assert ({(100, 0)}, 20) == (world.weights(), memory(world)["paused_weight"])
    assert "rolled-back" == world.process().rollback().results["outcome"]
    assert ({(100, 0)}, {""}) == (world.weights(), world.tokens())


def record(world: Field) -> tuple[str, str]:
    """Return outcome and verdict of the run that ended."""
    found = json.loads(world.annotation(record_key(APP)))
    return found["outcome"], found["verdict"]


@pytest.mark.parametrize(("verdict", "then"), [("fail", "crashes"), ("inconclusive", "never-ready")])
def test_the_verdict_of_a_pause_is_kept_for_the_weight_before_it(world: Field, verdict: str, then: str) -> None:
    """Not the pass of an earlier rung is recorded, and a promote says what was judged."""
    analyze(world, Users(world))
    reader = Users(world, {2: world.take_away, 6: lambda: world.fault(then)})
    end = analyze(world, reader, 60, disruption_seconds=10)

    assert verdict == end.results["verdict"]
    assert [[20, "pass"], [60, verdict]] == [kept[:2] for kept in memory(world)["verdicts"]]
    if verdict == "inconclusive":
        with pytest.raises(PermanentError, match="weight 60 before it was judged inconclusive"):
            world.process().promote()
    world.process().rollback()
    assert ("rolled-back", verdict) == record(world)


def test_without_patience_it_is_inconclusive_at_once(world: Field) -> None:
    """Users are given back before the step ends."""
    reader = Users(world, {2: world.take_away})
    end = analyze(world, reader, disruption_seconds=0)

    assert (6, 3, {(100, 0)}) == (end.exit_code, reader.looks, world.weights())


@pytest.mark.parametrize(("when", "looks"), [("at once", 2), ("amid the pause", 6)])
def test_a_crash_stays_a_failure(world: Field, when: str, looks: int) -> None:
    """By itself, or of the pod that comes in place of an evicted one."""
    events: dict[int, Callable[[], object]] = {looks: lambda: world.fault("crashes")}
    reader = Users(world, events if when == "at once" else {2: world.take_away, **events})
    end = analyze(world, reader)

    assert (5, "fail", "canary-unhealthy") == (end.exit_code, end.results["verdict"], end.summary["code"])
    assert reader.looks <= looks + 8
    assert {(100, 0)} == world.weights()
    assert {"one:1:rolling-back"} == world.tokens()


def test_some_lost_pods_keep_the_weight(world: Field) -> None:
    """The others serve; longer than a minute, as long as a disruption may take; no pass meanwhile."""
    world.process().set_weight(60)
    world.settle(CANARY)
    assert 2 == len(world.pods())
    reader = Users(world, {2: lambda: world.take_away(1), 80: world.heal})
    end = analyze(world, reader, min_requests=1)

    assert (0, {60}) == (end.exit_code, set(reader.weights))
    assert 80 <= reader.looks
    assert 1 == len(memory(world)["disruptions"])


def test_again_and_again_is_inconclusive(world: Field) -> None:
    """Three times are waited for."""
    events: dict[int, Callable[[], object]] = {}
    for turn in range(6):
        events |= {2 + 4 * turn: world.take_away, 4 + 4 * turn: world.heal}
    end = analyze(world, Users(world, events), min_seconds=60)

    assert (6, "disrupted") == (end.exit_code, end.summary["code"])
    assert "were disrupted 4 times in this run, 3 are waited for" in end.results["reason"]


class Dies(BaseException):
    """The process ends."""


def die() -> None:
    """End the process amid a look."""
    raise Dies


def paused(world: Field) -> None:
    """Leave a run with a paused weight, as a killed process does."""
    with pytest.raises(Dies):
        analyze(world, Users(world, {2: world.take_away, 4: die}))
    assert ({(100, 0)}, 20) == (world.weights(), memory(world)["paused_weight"])


@pytest.mark.parametrize("weight", [None, 20])
def test_a_killed_step_goes_on_from_the_pause(world: Field, weight: int | None) -> None:
    """With its weight or without; it waits for the pods first, and counts the time since the disruption began."""
    paused(world)
    reader = Users(world, {3: world.heal})
    end = analyze(world, reader, weight)

    assert (0, {(80, 20)}) == (end.exit_code, world.weights())
    assert [0, 0, 0, 20] == reader.weights[:4]
    assert 1 == len(memory(world)["disruptions"])


def test_a_killed_step_keeps_the_time_it_waited(world: Field) -> None:
    """Otherwise a step that is killed again and again would wait for ever."""
    paused(world)
    world.store.clock_offset_seconds += 25
    reader = Users(world)

    assert 6 == analyze(world, reader, disruption_seconds=20).exit_code
    assert 1 == reader.looks


def test_set_weight_ends_a_pause(world: Field) -> None:
    """To another weight, or to none: what was to be set again is forgotten."""
    paused(world)
    world.heal()
    world.process().set_weight(30)
    assert ({(70, 30)}, None) == (world.weights(), memory(world).get("paused_weight"))
    world.process().set_weight(0)
    assert ({(100, 0)}, None) == (world.weights(), memory(world).get("paused_weight"))


def test_sweep_and_rollback_restore_a_paused_run(world: Field) -> None:
    """Nothing is set again."""
    paused(world)
    world.store.clock_offset_seconds += 700
    world.process().sweep()

    assert ({(100, 0)}, {""}, 0) == (world.weights(), world.tokens(), world.canary_replicas())


def test_other_pods_than_the_judged_ones_get_no_users(world: Field) -> None:
    """Somebody released another image onto the canary meanwhile."""
    reader = Users(world, {2: world.take_away, 4: lambda: world.set_image(CANARY, "shop:3")})
    with pytest.raises(ForeignWrite, match="changed its pod template in the meantime"):
        analyze(world, reader)
    assert {(100, 0)} == world.weights()


def test_stable_that_is_down_gets_no_users(tmp_path: Path) -> None:
    """As with a retreat: the weight is held while the baseline behind the canary's destination may serve."""
    world = Field(tmp_path, baseline=True)
    world.process().prepare()
    world.process().set_weight(20)

    def stop(item: Json) -> Json:
        return {**item, "spec": {**item["spec"], "replicas": 0}}

    def outage() -> None:
        world.take_away()
        world.store.change(DEPLOYMENT, NAMESPACE, APP, stop, manager="kubectl")
        for _ in range(5):
            world.tick()

    with capture_logs() as logged:
        end = analyze(world, Users(world, {2: outage}), disruption_seconds=10)

    assert (6, {(80, 20)}) == (end.exit_code, world.weights())
    assert 1 == [line["event"] for line in logged].count("pause.held")


def test_a_gate_waits_through_a_disruption(world: Field) -> None:
    """It goes on at the weight, and a person's consent opens it then; the claim stays alive meanwhile."""

    def approve() -> None:
        def change(item: Json) -> Json:
            item["metadata"]["annotations"][approval_key(APP)] = "one"
            return item

        world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="kubectl")

    reader = Users(world, {2: world.take_away, 6: world.heal, 12: approve})
    end = analyze(world, reader, hold=True)

    assert (0, "pass", {(80, 20)}) == (end.exit_code, end.results["verdict"], world.weights())
    assert 12 == reader.looks


def test_an_inconclusive_disruption_is_held_for_a_person(world: Field) -> None:
    """With `--on-inconclusive pause`; if the pods come back after all, the rung begins anew and passes."""
    with capture_logs() as logged:
        reader = Users(world, {2: world.take_away, 9: world.heal})
        end = analyze(world, reader, disruption_seconds=3, on_inconclusive="pause")

    assert (0, "pass") == (end.exit_code, end.results["verdict"])
    assert "gate.holding" in [line["event"] for line in logged]


def test_without_a_claim_nothing_is_written(world: Field) -> None:
    """A read-only analysis looks at Prometheus alone."""
    before = world.store.revision
    process: Process = world.process()
    process.analyze(None, Users(world), run="", **GIVEN)

    assert before == world.store.revision
