"""A side goes down when its requests were seen to end, however late the proxies hear of the weight."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from steps.actions.teardown import TeardownPolicy
from steps.errors import NotOwnerError, StillInUse
from tests.support.counted_arrivals import CountedArrivals
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration

FOR_EVER = 1e9
EXPIRED = 700.0
CANARY = f"{APP}-canary"
UNJUDGED = "it is the end that counts here"


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with a run at weight 20."""
    made = SteppedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(20)
    return made


def process(world: SteppedCluster, *sources: CountedArrivals, limit: float = 60.0) -> StepProcess:
    """Return a process that drains for 5 s, in the time of the cluster."""
    ending = TeardownPolicy(5.0, 5.0, world.wait, drain_limit_seconds=limit, arrivals=sources)
    return StepProcess(world, ending=ending)


def down_after(world: SteppedCluster, logged: Iterable[MutableMapping[str, Any]]) -> float:
    """Return how long the drain took, by its log line."""
    assert 0 == world.canary_replicas()
    (line,) = [one for one in logged if one["event"] in {"drain.quiet", "drain.unseen"}]
    return float(line["seconds"])


@pytest.mark.parametrize(("push", "expected"), [(0.0, 5.0), (10.0, 15.0), (40.0, 45.0)])
def test_a_slow_push_of_the_mesh_is_waited_for(world: SteppedCluster, push: float, expected: float) -> None:
    """The drain counts from the last request that was seen."""
    with capture_logs() as logged:
        assert "rolled-back" == process(world, CountedArrivals(push)).rollback().results["outcome"]
    assert expected == pytest.approx(down_after(world, logged), abs=2.1)


def test_requests_that_never_end_keep_the_canary_up(world: SteppedCluster) -> None:
    """With a dead istiod the weight is 0 in the object alone; sweep finishes when the proxies have heard of it."""
    with pytest.raises(StillInUse, match="Prometheus still counted 40 requests a second to shop-canary") as raised:
        process(world, CountedArrivals(FOR_EVER)).rollback()
    assert "check istiod" in raised.value.cause
    assert ({(100, 0)}, 1, 4) == (world.weights(), world.canary_replicas(), raised.value.exit_code)
    world.store.clock_offset_seconds += EXPIRED
    assert (4, 1) == (process(world, CountedArrivals(FOR_EVER)).sweep().exit_code, world.canary_replicas())
    world.store.clock_offset_seconds += EXPIRED
    assert 0 == process(world, CountedArrivals(0.0)).sweep().exit_code
    assert (0, {""}, "rolled-back") == (world.canary_replicas(), world.tokens(), world.outcome())


def test_a_promote_waits_likewise(world: SteppedCluster) -> None:
    """Its canary still has users when stable runs the same version."""
    with pytest.raises(StillInUse):
        process(world, CountedArrivals(FOR_EVER)).promote(unjudged=UNJUDGED)
    assert ("shop:2", 1) == (world.image(APP), world.canary_replicas())
    assert "promoted" == process(world, CountedArrivals(9.0)).promote().results["outcome"]
    assert (0, "promoted") == (world.canary_replicas(), world.outcome())


def test_without_a_count_the_limit_passes_and_is_named(world: SteppedCluster) -> None:
    """A canary outside the mesh has no proxies; a shorter wait would be a guess."""
    with capture_logs() as logged:
        process(world, CountedArrivals(None), limit=30.0).rollback()
    assert 30.0 == pytest.approx(down_after(world, logged), abs=2.1)
    (line,) = [one for one in logged if one["event"] == "drain.unseen"]
    assert ("warning", [CANARY]) == (line["log_level"], line["deployments"])


def test_the_next_source_is_asked_where_one_sees_nothing(world: SteppedCluster) -> None:
    """Prometheus is down, the proxies answer."""
    with pytest.raises(StillInUse):
        process(world, CountedArrivals(None), CountedArrivals(FOR_EVER)).rollback()
    assert 1 == world.canary_replicas()


def test_a_limit_of_0_asks_nobody(world: SteppedCluster) -> None:
    """Only the drain passes, as in older images."""
    source = CountedArrivals(FOR_EVER)
    assert "rolled-back" == process(world, source, limit=0.0).rollback().results["outcome"]
    assert ([], 0) == (source.watched, world.canary_replicas())


def test_a_canary_that_never_had_users_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody counts requests of a canary without any, and none can be under way."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    source = CountedArrivals(None)
    process(world, source).rollback()
    assert (0, 1) == (world.canary_replicas(), len(source.looks))


def test_a_rollback_after_a_retreat_waits_from_the_retreat_on(world: SteppedCluster) -> None:
    """Analyze moved the users back; the rollback that follows at once must not cut their requests off."""
    StepProcess(world).analyze(20, FixedEvidence(1.0))
    assert {(100, 0)} == world.weights()
    with capture_logs() as logged:
        process(world, CountedArrivals(10.0)).rollback()
    assert 0 < down_after(world, logged) <= 17.1


def test_the_claim_stays_alive_during_a_long_drain(world: SteppedCluster) -> None:
    """And if somebody takes it over meanwhile, the canary is theirs."""

    def taken(seconds: float) -> None:
        if seconds > 20:
            StepProcess(world).rollback(any_run=True)

    assert "not-owner" == process(world, CountedArrivals(FOR_EVER, taken)).rollback().results["outcome"]
    assert "rolled-back" == world.outcome()


def test_a_route_that_comes_during_the_drain_is_seen_at_its_end(world: SteppedCluster) -> None:
    """What counts is the moment of scaling down."""

    def split(item: Json) -> Json:
        public: Json = {"name": "late", "route": [{"destination": {"host": CANARY}}]}
        return {**item, "spec": {**item["spec"], "http": [*item["spec"]["http"], public]}}

    def add(_: float) -> None:
        if "late" not in str(world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["spec"]):
            world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, split, manager="kubectl-edit")

    with pytest.raises(StillInUse, match="route late of VirtualService shop/shop gives"):
        process(world, CountedArrivals(0.0, add)).rollback()
    assert 1 == world.canary_replicas()


def test_the_old_arm_of_a_swap_leaves_likewise(tmp_path: Path) -> None:
    """After its standby; an undo watches the arm that it takes the users from."""
    world = VersionPair(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    with pytest.raises(StillInUse, match=V1):
        process(world, CountedArrivals(FOR_EVER)).promote(unjudged=UNJUDGED)
    assert 2 == world.pods(V1)
    source = CountedArrivals(1.0)
    process(world, source).promote()
    assert ([(V1,)], 0) == (source.watched, world.pods(V1))
    source = CountedArrivals(FOR_EVER)
    with pytest.raises(StillInUse, match=V2):
        process(world, source).undo()
    assert ({(100, 0)}, 2, True) == (world.weights(), world.available(V1), world.pods(V2) > 0)
    world.store.clock_offset_seconds += EXPIRED
    assert 0 == process(world, CountedArrivals(0.0)).sweep().exit_code
    assert ("undone", 0) == (world.outcome(), world.pods(V2))


def test_a_baseline_leaves_with_its_canary(tmp_path: Path) -> None:
    """Half of the requests of the canary's destination are its."""
    world = SteppedCluster(tmp_path, baseline=True)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    source = CountedArrivals(FOR_EVER)
    with pytest.raises(StillInUse, match="shop-canary and shop-baseline"):
        process(world, source).rollback()
    assert [(CANARY, f"{APP}-baseline")] == source.watched
    assert (True, True) == (world.summary()["canary pods"] > 0, world.summary()["baseline pods"] > 0)


def test_a_lost_claim_ends_the_wait(world: SteppedCluster) -> None:
    """Somebody removes the token by hand, which takes the app over."""

    def removed(item: Json) -> Json:
        marks = {key: value for key, value in item["metadata"]["annotations"].items() if "/claim." not in key}
        return {**item, "metadata": {**item["metadata"], "annotations": marks}}

    def remove(seconds: float) -> None:
        if seconds > 10:
            world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, removed, manager="kubectl-edit")

    with pytest.raises(NotOwnerError):
        process(world, CountedArrivals(FOR_EVER, remove)).promote(unjudged=UNJUDGED)
    assert 1 == world.canary_replicas()
