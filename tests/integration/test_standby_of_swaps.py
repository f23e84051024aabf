"""The old arm of a swap stands by for a while, and what may happen meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps import promote
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.dry_run import DryRunCluster
from steps.errors import ForeignWrite, NotOwnerError
from steps.settings.conventions import release_names
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import teardown_policy_of
from steps.workload.workload import Workload
from tests.support.in_process_connection import InProcessConnection
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.swaps import named, standing_by, walked
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> VersionPair:
    """Return the pair, before its first release."""
    return VersionPair(tmp_path)


def test_the_old_arm_stands_by_and_the_claim_stays_alive(world: VersionPair) -> None:
    """It keeps its pods for the whole standby, although that is longer than the claim's expiry."""
    walked(world)
    seen: list[int] = []

    def look(_: int) -> None:
        seen.append(world.pods(V1))
        StepProcess(world).sweep()
        assert {"one"} == {token.split(":")[0] for token in world.tokens()}

    StepProcess(world, ending=standing_by(world, 700.0, meanwhile=look)).promote()
    assert (True, {2}, 0) == (len(seen) >= 70, set(seen), world.pods(V1))


def test_a_repeated_promote_continues_the_standby(world: VersionPair) -> None:
    """It does not begin again."""
    walked(world)

    def die(number: int) -> None:
        if number == 20:
            raise Killed

    with pytest.raises(Killed):
        StepProcess(world, ending=standing_by(world, meanwhile=die)).promote()
    waited: list[int] = []
    StepProcess(world, ending=standing_by(world, meanwhile=waited.append)).promote()
    assert (True, 0) == (9 <= len(waited) <= 11, world.pods(V1))


def test_foreign_weights_during_the_standby_are_noticed(world: VersionPair) -> None:
    """The old arm keeps its pods, since it has users again."""
    walked(world)

    def revert(found: Json) -> Json:
        found["spec"]["http"][0]["route"][0]["weight"], found["spec"]["http"][0]["route"][1]["weight"] = 100, 0
        return found

    def meddle(number: int) -> None:
        if number == 2:
            world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, revert, manager="argocd")

    with pytest.raises(ForeignWrite, match="argocd"):
        StepProcess(world, ending=standing_by(world, meanwhile=meddle)).promote()
    assert 2 == world.pods(V1)
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert ({(100, 0)}, 2, 0) == (world.weights(), world.pods(V1), world.pods(V2))


def test_a_kept_standby_is_not_waited_for(world: VersionPair) -> None:
    """It stays up, also if a rollback has to end the run."""
    walked(world)
    waits: list[int] = []
    StepProcess(world, ending=standing_by(world, keep=True, meanwhile=waits.append)).promote()
    assert ([], 2, {(0, 100)}) == (waits, world.pods(V1), world.weights())


def test_a_rollback_respects_a_kept_standby(world: VersionPair) -> None:
    """The promote died when all users had moved."""
    walked(world)
    counted = StepProcess(world, ending=standing_by(world, keep=True))
    kept = world.keep()
    counted.promote()
    world.put_back(kept)
    last = KillPoint(counted.kill_point.writes - 4, "after")
    with pytest.raises(Killed):
        StepProcess(world, last, standing_by(world, keep=True)).promote()
    assert {(0, 100)} == world.weights()
    assert ("promoted", 2) == (StepProcess(world).rollback().results["outcome"], world.pods(V1))


def test_a_rollback_cuts_the_standby_of_a_dead_run_and_says_so(world: VersionPair) -> None:
    """All users are on the new arm: it finishes the promotion."""
    walked(world)

    def die(_: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        StepProcess(world, ending=standing_by(world, meanwhile=die)).promote()
    with capture_logs() as logged:
        assert "promoted" == StepProcess(world).rollback().results["outcome"]
    assert [V1] == [line["deployment"] for line in named(logged, "standby.cut")]
    assert ({(0, 100)}, 0) == (world.weights(), world.pods(V1))


def test_a_dry_run_of_promote_waits_for_nothing_and_writes_nothing(world: VersionPair) -> None:
    """It plans the new arm's pods, the weight, and the end of the old arm."""
    walked(world)
    before = world.summary()
    cluster = DryRunCluster(InProcessConnection(world, KillPoint()))
    given = {"app": APP, "run": "one", "dry_run": True, **world.given}
    settings = promote.Settings.model_validate(given)
    traffic = Traffic(cluster, Claims(cluster, 2.0))
    names = release_names(settings, NAMESPACE)
    policy = teardown_policy_of(settings, cluster)
    end = promote.run(settings, names, traffic, Workload(cluster, claim_key(APP)), policy)
    assert ("promoted", before) == (end.results["outcome"], world.summary())
    assert any(V1 in write for write in cluster.planned_writes)


def test_an_undo_during_the_standby_stops_the_promote(world: VersionPair) -> None:
    """Its claim is taken over, and the old arm still has all its pods."""
    walked(world)

    def undo(number: int) -> None:
        if number == 3:
            assert "undone" == StepProcess(world).undo().results["outcome"]

    with pytest.raises(NotOwnerError):
        StepProcess(world, ending=standing_by(world, meanwhile=undo)).promote()
    assert ({(100, 0)}, 2, {""}) == (world.weights(), world.pods(V1), world.tokens())
    assert ("shop:0", 0) == (world.image(V2), world.pods(V2))
