"""However a PipelineRun ends, its users end on a ready stable: by `finish` where Tekton runs it, by sweep elsewhere.

The runs of a fixture go on side by side, each with an app of its own whose canary is watched at weight 5 and would be
for ten minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.e2e.tekton.releases import (
    BAD,
    GOOD,
    Release,
    assert_users_on_stable,
    deploy,
    last,
    start,
    sweep,
    wait_until_expired,
    weights,
)
from tests.lab.cluster import daemons, tekton
from tests.lab.cluster.lab import ClusterLab

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Ending:
    """A way in which a run ends.

    Args:
        app: its app. status: what is written to spec.status, "" for nothing; `deleted` deletes the run.
        reason: of the run, at last. finishes: whether Tekton runs `finish`.
        timeouts: of the run, where they are the way it ends. rung_seconds: when analyze gives up.
    """

    app: str
    status: str
    reason: str
    finishes: bool
    timeouts: Mapping[str, str] | None = None
    rung_seconds: int = 900


CORE = (
    Ending("cancelled", "Cancelled", "Cancelled", finishes=False),
    Ending("cancelled-finally", "CancelledRunFinally", "Cancelled", finishes=True),
)
FULL = (
    # The running task may end by itself, which here takes its deadline.
    Ending("stopped-finally", "StoppedRunFinally", "Failed", finishes=True, rung_seconds=45),
    Ending("deleted", "deleted", "", finishes=False),
    Ending("task-failed", "", "Failed", finishes=True, rung_seconds=10),
    Ending(
        "tasks-time-out", "", "PipelineRunTimeout", finishes=True,
        timeouts={"pipeline": "20m0s", "tasks": "1m30s", "finally": "5m0s"},
    ),
    Ending("pipeline-time-out", "", "PipelineRunTimeout", finishes=False, timeouts={"pipeline": "1m30s"}),
)  # fmt: skip


def patient(ending: Ending) -> dict[str, object]:
    """Return settings with which a rung is watched to its deadline."""
    return {"min-seconds": ending.rung_seconds, "timeout-seconds": ending.rung_seconds}


def begin(lab: ClusterLab, endings: tuple[Ending, ...]) -> dict[str, Release]:
    """Start a run for each ending, wait until all watch their canary, and end them."""
    for one in endings:
        deploy(lab, one.app, **patient(one))
    found = {one.app: start(lab, one.app, GOOD, timeouts=one.timeouts) for one in endings}
    for one in endings:
        found[one.app].wait_for_weight(5)
    for one in endings:
        if one.status == "deleted":
            found[one.app].delete()
        elif one.status:
            found[one.app].set_status(one.status)
    return found


@pytest.fixture(scope="module")
def core(lab: ClusterLab) -> dict[str, Release]:
    """Return the runs of CORE."""
    return begin(lab, CORE)


@pytest.fixture(scope="module")
def full(lab: ClusterLab) -> dict[str, Release]:
    """Return the runs of FULL."""
    return begin(lab, FULL)


@pytest.mark.parametrize("ending", CORE, ids=lambda one: one.app)
def test_a_cancelled_run_ends_on_stable(lab: ClusterLab, core: dict[str, Release], ending: Ending) -> None:
    """Plainly, which runs no `finally`, and with grace."""
    check(lab, core[ending.app], ending)


@pytest.mark.full
@pytest.mark.parametrize("ending", FULL, ids=lambda one: one.app)
def test_a_run_that_ends_otherwise_ends_on_stable(lab: ClusterLab, full: dict[str, Release], ending: Ending) -> None:
    """Stopped, deleted, failed, out of time."""
    check(lab, full[ending.app], ending)


def check(lab: ClusterLab, release: Release, ending: Ending) -> None:
    """Wait for the end of a run, and for its users to be back on stable."""
    if ending.status == "deleted":
        lab.wait_for(lambda: not release.tasks, 60, "the end of the deleted run's tasks")
    else:
        assert ending.reason == release.wait(240)
        assert ending.finishes == ("finish" in release.tasks)
    assert ("promote" in release.tasks) is False
    if not ending.finishes:
        assert [95, 5] == weights(lab, ending.app), "nobody but sweep may have moved it"
        wait_until_expired(lab, ending.app)
        sweep(lab)
        assert "expired" in last(lab, ending.app)["reason"]
    assert_users_on_stable(lab, ending.app)
    assert "rolled-back" == last(lab, ending.app)["outcome"]


@pytest.mark.full
def test_a_newer_run_takes_the_place_of_an_older_one(lab: ClusterLab) -> None:
    """By `on-busy: supersede`: the older one ends with 7 and moves nothing any more, its finish included."""
    ending = Ending("place", "CancelledRunFinally", "Cancelled", finishes=True)
    deploy(lab, ending.app, **patient(ending))
    older = start(lab, ending.app, GOOD)
    older.wait_for_weight(5)
    newer = start(lab, ending.app, BAD, on_busy="supersede")
    assert "Failed" == older.wait()
    told = {one["name"]: one["value"] for one in older.tasks["finish"]["status"]["results"]}
    assert ([7], "not-owner") == (older.codes("analyze-5"), told["rollback"])
    assert "Unknown" == newer.condition["status"]
    newer.set_status("CancelledRunFinally")
    check(lab, newer, ending)


@pytest.mark.full
def test_a_dead_controller_strands_nobody(lab: ClusterLab) -> None:
    """The pod of the rung ends, nothing follows, the claim expires, sweep restores; later finish finds it done."""
    if not lab.is_own:
        pytest.skip("the controller of a cluster that is not the lab's own is left alone")
    ending = Ending("orphan", "", "Failed", finishes=True, rung_seconds=15)
    deploy(lab, ending.app, **patient(ending))
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
