"""A swap: two Deployments take turns, and each is left as users and people need it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.actions.teardown import TeardownPolicy
from steps.claim.keys import record_key
from steps.errors import ForeignWrite, NotFound, PermanentError, TemporaryError
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import AUTOSCALER, DEPLOYMENT, REPLICA_SET
from tests.support.shop_release import APP, NAMESPACE
from tests.support.swaps import named, standing_by, walked
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> VersionPair:
    """Return the pair, before its first release."""
    return VersionPair(tmp_path)


def let_testers_on(world: VersionPair, name: str, replicas: int = 2) -> None:
    """Let people run an arm for testers, who come by a route of their own."""
    world.change(name, replicas=replicas)
    world.settle(name)
    world.add_route(name)


def test_the_arms_take_turns(world: VersionPair) -> None:
    """The idle one comes up from 0 for the next release, and no release makes the app larger."""
    for number, (canary, image) in enumerate([(V2, "shop:2"), (V1, "shop:3"), (V2, "shop:1")]):
        world.release_to(canary)
        walked(world, 90, f"run-{number}", image)
        assert "promoted" == StepProcess(world).promote(f"run-{number}").results["outcome"]
        idle = V1 if canary == V2 else V2
        assert (image, 2, 2) == (world.image(canary), world.pods(canary), world.available(canary))
        assert (0, {""}) == (world.pods(idle), world.tokens())
        assert {(0, 100) if canary == V2 else (100, 0)} == world.weights()


def test_the_record_says_who_serves(world: VersionPair) -> None:
    """No template was copied."""
    walked(world)
    StepProcess(world).promote()
    found = json.loads(world.annotation(record_key(APP)))
    assert "the canary passed every rung (60); shop-v2 serves in place of shop-v1" == found["reason"]


def test_an_arm_that_another_route_leads_to_keeps_its_pods(world: VersionPair) -> None:
    """The log names the route, and nothing is waited for."""
    world.add_route(V1, "inner")
    walked(world)
    waits: list[int] = []
    with capture_logs() as logged:
        StepProcess(world, ending=standing_by(world, meanwhile=waits.append)).promote()
    (left,) = named(logged, "canary.left_running")
    assert "route inner of VirtualService shop/shop leads to it" in str(left["reason"])
    assert ([], 2) == (waits, world.pods(V1))


def test_testers_on_the_canary_are_warned_about_and_get_their_version_back(world: VersionPair) -> None:
    """With the pods they had, although the release had scaled them up."""
    world.change(V1, replicas=6)
    world.settle(V1)
    let_testers_on(world, V2, 1)
    with capture_logs() as logged:
        walked(world)
    warnings = [str(line["detail"]) for line in named(logged, "prepare.warning")]
    assert any("route beta of VirtualService shop/shop leads to it" in text for text in warnings)
    assert any("users of such a route get the unjudged image" in text for text in warnings)
    assert ("shop:2", 5) == (world.image(V2), world.pods(V2))
    StepProcess(world).rollback()
    assert ("shop:0", 1) == (world.image(V2), world.pods(V2))
    world.settle(V2)


def test_without_image_the_canarys_own_version_is_released(world: VersionPair) -> None:
    """People deployed it, so a rollback leaves their template."""
    world.set_image(V2, "shop:3")
    world.settle(V2)
    walked(world, image="")
    assert "shop:3" == world.image(V2)
    StepProcess(world).rollback()
    assert ("shop:3", 0) == (world.image(V2), world.pods(V2))


def test_the_same_version_in_both_arms_is_nothing_to_do(world: VersionPair) -> None:
    """As in every topology."""
    assert "noop" == StepProcess(world).prepare(image="shop:1").results["outcome"]
    assert ("shop:0", 0, {""}) == (world.image(V2), world.pods(V2), world.tokens())


def test_a_template_that_somebody_changed_since_is_left(world: VersionPair) -> None:
    """The rollback says who it was."""
    walked(world)
    world.set_image(V2, "shop:3")
    with capture_logs() as logged:
        StepProcess(world).rollback()
    assert ("shop:3", 0) == (world.image(V2), world.pods(V2))
    assert ["kubectl-edit changed it" in str(line["reason"]) for line in named(logged, "canary.left_running")]


def test_a_canary_that_never_got_ready_is_restored_too(world: VersionPair) -> None:
    """Nothing was pinned: the API server says who wrote the template."""
    world.faulty["shop:2"] = "never-ready"
    with pytest.raises(TemporaryError):
        StepProcess(world).prepare(ready_timeout_seconds=0.1)
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert ("shop:0", 0) == (world.image(V2), world.pods(V2))


def test_a_lost_replica_set_is_said(world: VersionPair) -> None:
    """Users of the release are back all the same."""
    walked(world)
    for one in world.store.list(REPLICA_SET, NAMESPACE):
        if one["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:0":
            world.store.delete(REPLICA_SET, NAMESPACE, one["metadata"]["name"])
    with capture_logs() as logged:
        assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    (left,) = named(logged, "canary.left_running")
    assert "which holds its old one, is gone" in str(left["reason"])
    assert ({(100, 0)}, 0) == (world.weights(), world.pods(V2))


def test_a_rolled_back_canary_leaves_what_an_autoscaler_owns(world: VersionPair) -> None:
    """Its template is the old one again."""
    world.autoscale(V2)
    world.change(V2, replicas=2)
    world.settle(V2)
    walked(world)
    StepProcess(world).rollback()
    assert ("shop:0", 2) == (world.image(V2), world.pods(V2))


def test_capacity_follows_todays_stable(world: VersionPair) -> None:
    """An autoscaler grew it during the walk: the new arm gets as many pods before it gets all users."""
    walked(world)
    world.change(V1, replicas=6)
    world.settle(V1)
    StepProcess(world).promote()
    assert (6, 6) == (world.pods(V2), world.available(V2))


def test_an_autoscaler_that_does_not_grow_the_new_arm_is_named(world: VersionPair) -> None:
    """Users stay where they are, and a rollback returns them."""
    world.change(V1, replicas=4)
    world.settle(V1)
    world.autoscale(V2)
    walked(world, 10)
    process = StepProcess(world, ending=TeardownPolicy(0.2, 0.0, lambda _: None))
    with pytest.raises(TemporaryError, match=r"spec.minReplicas to at least 4 for weight 100"):
        process.promote()
    assert {(90, 10)} == world.weights()
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert {(100, 0)} == world.weights()


def test_each_arm_has_a_baseline_of_its_own(tmp_path: Path) -> None:
    """A Deployment's selector cannot change, and the baseline's follows the canary's."""
    world = VersionPair(tmp_path, baseline=True)
    for number, canary in enumerate((V2, V1)):
        world.release_to(canary)
        walked(world, run=f"run-{number}", image=f"shop:{number + 2}")
        assert 2 == world.pods(f"{canary}-baseline")
        StepProcess(world).promote(f"run-{number}")
        assert (0, 2) == (world.pods(f"{canary}-baseline"), world.pods(canary))


def test_a_baseline_stops_before_all_users_move(tmp_path: Path) -> None:
    """It runs the old version behind the new arm's destination."""
    world = VersionPair(tmp_path, baseline=True)
    walked(world)
    baseline = f"{V2}-baseline"
    assert world.pods(baseline)

    def at_100(_: int) -> None:
        assert ({(0, 100)}, 0) == (world.weights(), world.pods(baseline))

    StepProcess(world, ending=standing_by(world, meanwhile=at_100)).promote()
    assert (0, 0, {""}) == (world.pods(baseline), world.pods(V1), world.tokens())


def test_users_return_to_an_old_arm_that_was_stopped_once_it_is_up_again(world: VersionPair) -> None:
    """The promote died near its end, and then the new arm changed: capacity first, then the weight."""
    walked(world)
    process = StepProcess(world, ending=standing_by(world, 0.0))
    kept = world.keep()
    process.promote()
    world.put_back(kept)
    number = process.kill_point.writes - 4  # two tokens, the record and an Event come after the old arm's end
    with pytest.raises(Killed):
        StepProcess(world, KillPoint(number, "after"), standing_by(world, 0.0)).promote()
    assert ({(0, 100)}, 0) == (world.weights(), world.pods(V1))
    world.set_image(V2, "shop:3")
    with capture_logs() as logged:
        assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    order = [line["event"] for line in logged if line["event"] in {"canary.scaled_up", "weight.retreated"}]
    assert ["canary.scaled_up", "weight.retreated"] == order
    assert ({(100, 0)}, 2, 0) == (world.weights(), world.available(V1), world.pods(V2))


def test_a_failing_canary_sends_its_users_back(world: VersionPair) -> None:
    """The old version of its Deployment is put back after that."""
    StepProcess(world).prepare()
    assert 5 == StepProcess(world).analyze(60, FixedEvidence(1.0)).exit_code
    assert ({(100, 0)}, "shop:2") == (world.weights(), world.image(V2))
    StepProcess(world).rollback()
    assert ("shop:0", 0, {""}) == (world.image(V2), world.pods(V2), world.tokens())


def test_another_image_by_a_moved_tag_gets_no_more_users(world: VersionPair) -> None:
    """New pods for weight 100 pulled something else than was judged."""
    world.change(V1, replicas=6)
    world.settle(V1)
    world.always_pull(V2, "shop:0")
    walked(world, 10)
    world.push("shop:2", "9" * 64)
    with pytest.raises(ForeignWrite, match="different image digests"):
        StepProcess(world).promote()
    assert {(90, 10)} == world.weights()


def test_a_canary_that_does_not_exist_is_refused(world: VersionPair) -> None:
    """Prepare makes none in a swap."""
    world.store.delete(DEPLOYMENT, NAMESPACE, V2)
    with pytest.raises(NotFound, match="in the swap topology prepare does not create it"):
        StepProcess(world).prepare()


def test_a_canary_without_history_is_refused_if_its_template_would_be_written(world: VersionPair) -> None:
    """A rollback could not restore it."""
    world.change(V2, revisionHistoryLimit=0)
    with pytest.raises(PermanentError, match=r"shop-v2: spec.revisionHistoryLimit is 0.*after a rollback"):
        StepProcess(world).prepare()
    world.set_image(V2, "shop:3")
    world.settle(V2)
    assert "ready" == StepProcess(world).prepare(image="").results["outcome"]


def test_a_tool_that_manages_the_serving_arm_is_not_in_the_way(world: VersionPair) -> None:
    """Its template is never written; the canary's is."""
    world.mark(V1, "app.kubernetes.io/managed-by", "Helm", "labels")
    assert "ready" == StepProcess(world).prepare().results["outcome"]
    StepProcess(world).rollback()
    world.mark(V2, "app.kubernetes.io/managed-by", "Helm", "labels")
    with pytest.raises(PermanentError, match="Helm manages it"):
        StepProcess(world).prepare()


def test_an_autoscaled_old_arm_is_left_to_its_autoscaler(world: VersionPair) -> None:
    """It would not start again from 0."""
    world.autoscale(V1)
    walked(world)
    with capture_logs() as logged:
        StepProcess(world).promote()
    assert 2 == world.pods(V1)
    assert [True] == ["HorizontalPodAutoscaler" in str(line["reason"]) for line in named(logged, "canary.left_running")]
    assert world.store.list(AUTOSCALER, NAMESPACE)


def test_an_undo_brings_the_old_arm_up_before_its_users_return(world: VersionPair) -> None:
    """After the run has ended; the new arm gets its old version back and stops."""
    walked(world)
    StepProcess(world).promote()
    assert 0 == world.pods(V1)
    with capture_logs() as logged:
        assert "undone" == StepProcess(world).undo().results["outcome"]
    order = [line["event"] for line in logged if line["event"] in {"canary.scaled_up", "weight.retreated"}]
    assert ["canary.scaled_up", "weight.retreated"] == order
    assert ({(100, 0)}, 2, {""}) == (world.weights(), world.available(V1), world.tokens())
    assert ("shop:0", 0) == (world.image(V2), world.pods(V2))
