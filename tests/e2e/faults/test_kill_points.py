"""A release that is killed at a random request to the real API server: users end on a ready version, all of them."""

from __future__ import annotations

import random

import pytest

from tests.e2e.argo.workflow import claim, image, is_at_rest
from tests.e2e.faults.killed_step import LocalSteps
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = [pytest.mark.e2e, pytest.mark.full]

POINTS = 30


def test_users_end_on_one_ready_version_wherever_a_release_is_killed(
    lab: ClusterLab, users: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty points, drawn by a seed; the exit handler's rollback follows each, and users count the failures."""
    local, chance = LocalSteps(lab, monkeypatch), random.Random(17)
    code, requests = local.rollout("whole", "demo/shop:v2")
    assert code == 0
    old, new = "demo/shop:v2", "demo/shop:v3"
    for number in range(POINTS):
        point, run = chance.randint(1, requests - 1), f"killed-{number}"
        code, _ = local.rollout(run, new, point)
        assert local.rollback(run) == 0, (number, point)
        lab.wait_for(lambda: is_at_rest(lab), 30, f"the way back of point {number}, request {point}")
        assert claim(lab) == ""
        if image(lab) == new:
            # Killed after its promotion was complete: the next one goes the other way.
            old, new = new, old
        assert image(lab) == old
        lab.wait_until_rolled_out("shop")
        seen = users.view()
        assert seen.failures() == (), (number, point, seen.per_second())
    assert users.stop().records[-1].version == old.partition(":")[2]
