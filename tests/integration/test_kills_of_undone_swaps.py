"""undo of a swap, killed after any write: users are served, and every way back ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from steps.claim.keys import claim_key
from tests.integration.test_kills_of_swaps import TWO
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.shop_release import APP
from tests.support.swaps import process_on
from tests.support.undone_swaps import PROMOTED, UNDONE, released, seen, standing_by
from tests.support.version_pair import V1, V2, VersionPair

pytestmark = pytest.mark.integration


class KilledUndo:
    """An undo of a swap that was killed before its first write, and after each one."""

    def __init__(self, world: VersionPair) -> None:
        self.world = world
        kept = world.keep()
        counted = KillPoint()
        process_on(world, counted).undo()
        assert UNDONE == seen(world)
        self._kept = []
        for number in range(counted.writes + 1):
            world.put_back(kept)
            with suppress(Killed):  # a slow machine renews the claim once more, so the last write may not come
                process_on(world, KillPoint(number or 1, "after" if number else "before")).undo()
            self._kept.append(world.keep())

    def kills(self) -> Iterator[int]:
        """Put the cluster back to each kill in turn; yield the number of writes, 0 for an undo that claimed nothing."""
        for number, kept in enumerate(self._kept):
            self.world.put_back(kept)
            has_begun = self.world.annotation(claim_key(APP)) or self.world.outcome() == "undone"
            yield number if has_begun else 0

    def assert_served(self, where: object) -> None:
        """Check that every VirtualService sends its users to an arm with ready pods."""
        ready = self.world.available(V1) > 0, self.world.available(V2) > 0
        for weights in self.world.weights():
            assert all(ready[arm] for arm, weight in enumerate(weights) if weight), (where, weights, ready)


@pytest.fixture(params=["ended", "ended-two", "standing-by-two"], scope="module")
def killed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KilledUndo:
    """Return an undo of each kind; it is killed once for all tests."""
    folder = tmp_path_factory.mktemp("pair")
    make = standing_by if request.param.startswith("standing") else released
    return KilledUndo(make(folder, TWO if request.param.endswith("two") else (APP,)))


def test_users_are_on_a_ready_arm_wherever_an_undo_dies(killed: KilledUndo) -> None:
    """In every VirtualService."""
    for number in killed.kills():
        killed.assert_served(number)


def test_a_second_undo_ends_what_a_kill_interrupted(killed: KilledUndo) -> None:
    """At once, without waiting for the expiry."""
    for number in killed.kills():
        assert "undone" == process_on(killed.world).undo(run="one").results["outcome"], number
        assert UNDONE == seen(killed.world), number


def test_a_rollback_by_hand_ends_a_killed_undo(killed: KilledUndo) -> None:
    """It finishes the undo once that has a claim."""
    for number in killed.kills():
        if number:
            outcome = process_on(killed.world).rollback("", any_run=True).results["outcome"]
            assert outcome in {"undone", "not-owner"}, number
            assert UNDONE == seen(killed.world), number


def test_a_sweep_ends_an_undo_that_expired(killed: KilledUndo) -> None:
    """The old arm gets its pods first there, too; a promote whose undo had not begun is completed."""
    for number in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        assert 0 == process_on(killed.world).sweep().exit_code, number
        found = seen(killed.world)
        if not number:
            found["tokens"] = {""}  # those on Deployments are the next run's to remove
        expected = UNDONE if number else {**PROMOTED, "outcome": "promoted"}
        assert expected == found, number


def test_the_next_release_ends_a_killed_undo_that_expired(killed: KilledUndo) -> None:
    """Then it goes on."""
    for number in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        killed.world.release_to(V2 if number else V1)
        process_on(killed.world).prepare("two", "shop:3")
        killed.world.release_to(V2)
        assert ({(100, 0)} if number else {(0, 100)}) == killed.world.weights(), number
        killed.assert_served(number)
