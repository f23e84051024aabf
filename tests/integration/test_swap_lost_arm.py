"""An arm of a swap that has the users and no pods, by the hand of a person or of Git: a way back starts the old one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from steps.actions.swap import NewArmLost
from steps.actions.teardown import TeardownPolicy
from steps.step import StepEnd
from tests.support.in_process_steps import StepProcess
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json, Kind
from tests.support.shop_release import APP, NAMESPACE
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration


def passed(folder: Path) -> VersionPair:
    """Return a pair whose canary, shop-v2, has passed, and is deleted as soon as shop-v1 stops."""
    world = VersionPair(folder)
    StepProcess(world).prepare()
    StepProcess(world).analyze(60)

    def changed(kind: Kind, _: str, name: str) -> None:
        is_stopped = kind is DEPLOYMENT and name == V1 and not world.pods(V1)
        if is_stopped and world.store.find(DEPLOYMENT, NAMESPACE, V2) is not None:
            world.store.delete(DEPLOYMENT, NAMESPACE, V2)

    world.store.subscribe(changed)
    return world


def roll_back(process: StepProcess) -> StepEnd:
    """Roll back, as the exit handler of the dead promote does."""
    return process.rollback()


def sweep(process: StepProcess) -> StepEnd:
    """Sweep after the claim has expired."""
    process.world.store.clock_offset_seconds += 700.0
    return process.sweep()


@pytest.mark.parametrize("way", [roll_back, sweep])
def test_a_way_back_returns_the_users_to_the_old_arm(tmp_path: Path, way: Callable[[StepProcess], StepEnd]) -> None:
    """It was about to complete a promote that died in its standby; the arm that was promoted is gone."""

    def die(_: float) -> None:
        raise Killed

    world = passed(tmp_path)
    with suppress(Killed):
        StepProcess(world, ending=TeardownPolicy(5.0, 0.0, die, standby_seconds=130.0)).promote()
    assert {(0, 100)} == world.weights()
    end = way(StepProcess(world))
    world.settle(V1)
    assert (0, {(100, 0)}, 2) == (end.exit_code, world.weights(), world.available(V1))
    assert ({""}, "rolled-back") == (world.tokens(), world.outcome())


def test_a_promote_keeps_its_claim_for_the_way_back(tmp_path: Path) -> None:
    """It ends with a sentence that names the arm; the rollback of the pipeline then returns the users."""
    world = passed(tmp_path)
    with pytest.raises(NewArmLost, match="shop-v2, which has all users, has no ready pod"):
        StepProcess(world).promote()
    StepProcess(world).rollback()
    assert ({(100, 0)}, {""}, "rolled-back") == (world.weights(), world.tokens(), world.outcome())


def test_an_undo_starts_the_old_arm_where_git_has_sent_the_users_there_before(tmp_path: Path) -> None:
    """The old arm had stopped; no weight is left to return, and without it nobody would serve after the undo."""
    world = VersionPair(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).analyze(60)
    StepProcess(world).promote()
    set_weights(world, 100, 0)
    end = StepProcess(world).undo()
    assert ("undone", {(100, 0)}) == (end.results["outcome"], world.weights())
    assert ((2, 0), 2) == ((world.pods(V1), world.pods(V2)), world.available(V1))


def set_weights(world: VersionPair, *weights: int) -> None:
    """Set the weights, as a GitOps tool does."""

    def change(item: Json) -> Json:
        for entry, weight in zip(item["spec"]["http"][0]["route"], weights, strict=True):
            entry["weight"] = weight
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="argocd-controller")
