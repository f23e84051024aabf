"""However a PipelineRun ends, its users end on a ready stable: by `finish` if Tekton runs it, otherwise by sweep."""

from __future__ import annotations

import pytest

from tests.e2e.tekton.releases import (
    BAD,
    GOOD,
    Release,
    assert_users_on_stable,
    deploy,
    start,
    sweep,
    wait_until_expired,
    weights,
)
from tests.e2e.tekton.stopped_runs import CORE, FULL, StoppedRun, begin, check_end, check_users, long_rung
from tests.lab.cluster import daemons, tekton
from tests.lab.cluster.lab import ClusterLab

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def full(lab: ClusterLab) -> dict[str, Release]:
    """Return the runs of FULL."""
    return begin(lab, FULL)


@pytest.mark.parametrize("ending", CORE, ids=lambda one: one.app)
def test_a_cancelled_run_ends_with_finish_only_by_grace(core: dict[str, Release], ending: StoppedRun) -> None:
    """Cancelled without grace, it leaves users on the canary until sweep runs, see test_sweep.py."""
    check_end(core[ending.app], ending)
    if ending.finishes:
        check_users(core[ending.app], ending)


@pytest.mark.full
@pytest.mark.parametrize("ending", FULL, ids=lambda one: one.app)
def test_a_run_that_ends_otherwise_ends_on_stable(full: dict[str, Release], ending: StoppedRun) -> None:
    """Stopped, deleted, failed, out of time."""
    check_end(full[ending.app], ending)
    check_users(full[ending.app], ending)


@pytest.mark.full
def test_a_newer_run_takes_the_place_of_an_older_one(lab: ClusterLab) -> None:
    """By `on-busy: supersede`: the older one ends with 7, and neither it nor its finish moves anything any more."""
    ending = StoppedRun("place", "CancelledRunFinally", "Cancelled", finishes=True)
    deploy(lab, ending.app, **long_rung(ending))
    older = start(lab, ending.app, GOOD)
    older.wait_for_weight(5)
    newer = start(lab, ending.app, BAD, on_busy="supersede")
    assert "Failed" == older.wait()
    told = {one["name"]: one["value"] for one in older.tasks["finish"]["status"]["results"]}
    assert ([7], "not-owner") == (older.codes("analyze-5"), told["rollback"])
    assert "Unknown" == newer.condition["status"]
    newer.set_status("CancelledRunFinally")
    check_end(newer, ending)
    check_users(newer, ending)


@pytest.mark.full
@pytest.mark.alone
def test_a_dead_controller_strands_nobody(lab: ClusterLab) -> None:
    """The rung's pod ends, nothing follows, the claim expires, sweep restores; a later finish has nothing to do."""
    if not lab.is_own:
        pytest.skip("the controller of a cluster that is not the lab's own is left alone")
    ending = StoppedRun("orphan", "", "Failed", finishes=True, rung_seconds=15)
    deploy(lab, ending.app, **long_rung(ending))
    release = start(lab, ending.app, GOOD)
    release.wait_for_weight(5)
    daemons.stop("tekton-controller")
    try:
        wait_until_expired(lab, ending.app)
        assert [95, 5] == weights(lab, ending.app)
        sweep(lab)
        assert_users_on_stable(lab, ending.app)
    finally:
        tekton.up(lab.api)
    assert "Failed" == release.wait()
    told = {one["name"]: one["value"] for one in release.tasks["finish"]["status"]["results"]}
    assert "not-owner" == told["rollback"]
    assert_users_on_stable(lab, ending.app)
