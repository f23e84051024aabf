"""The ways in which a PipelineRun may end, and a run for each.

The runs go on in parallel, each with its own app, whose canary is watched at weight 5 until the deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.e2e.tekton.releases import (
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
from tests.lab.cluster.lab import ClusterLab


@dataclass(frozen=True)
class StoppedRun:
    """A way in which a run ends.

    Args:
        app: its app. status: the value for spec.status, "" for none; `deleted` deletes the run.
        reason: of the run at its end. finishes: whether Tekton runs `finish`.
        timeouts: of the run, if it ends by them. rung_seconds: when analyze gives up.
    """

    app: str
    status: str
    reason: str
    finishes: bool
    timeouts: Mapping[str, str] | None = None
    rung_seconds: int = 900


CORE = (
    StoppedRun("cancelled", "Cancelled", "Cancelled", finishes=False),
    StoppedRun("cancelled-finally", "CancelledRunFinally", "Cancelled", finishes=True),
)
FULL = (
    # The running task may end by itself, here at its deadline.
    StoppedRun("stopped-finally", "StoppedRunFinally", "Failed", finishes=True, rung_seconds=45),
    StoppedRun("deleted", "deleted", "", finishes=False),
    StoppedRun("task-failed", "", "Failed", finishes=True, rung_seconds=10),
    StoppedRun(
        "tasks-time-out", "", "PipelineRunTimeout", finishes=True,
        timeouts={"pipeline": "20m0s", "tasks": "2m30s", "finally": "5m0s"},
    ),
    StoppedRun("pipeline-time-out", "", "PipelineRunTimeout", finishes=False, timeouts={"pipeline": "2m30s"}),
)  # fmt: skip


def long_rung(ending: StoppedRun) -> dict[str, float]:
    """Return settings for a rung that is watched until its deadline and a claim that soon expires."""
    return {"min_seconds": ending.rung_seconds, "timeout_seconds": ending.rung_seconds, "expiry_seconds": 120}


def begin(lab: ClusterLab, endings: Iterable[StoppedRun]) -> dict[str, Release]:
    """Start the runs, and end those that do not end by themselves as soon as they watch their canary."""
    for one in endings:
        deploy(lab, one.app, **long_rung(one))
    found = {one.app: start(lab, one.app, GOOD, timeouts=one.timeouts) for one in endings}
    for one in endings:
        if one.status:
            found[one.app].wait_for_weight(5)
        if one.status == "deleted":
            found[one.app].delete()
        elif one.status:
            found[one.app].set_status(one.status)
    return found


def check_end(release: Release, ending: StoppedRun) -> None:
    """Wait for the end of a run, and check whether Tekton ran its `finish`."""
    lab = release.lab
    if ending.status == "deleted":
        lab.wait_for(lambda: not release.tasks, 180, "the end of the deleted run's tasks")
    else:
        assert ending.reason == release.wait()
        assert ending.finishes == ("finish" in release.tasks)
    assert "promote" not in release.tasks
    if not ending.finishes:
        assert [95, 5] == weights(lab, ending.app), "nothing but sweep may have moved it"


def check_users(release: Release, ending: StoppedRun) -> None:
    """Check that its users are back on stable, by sweep if nothing else restores them."""
    lab = release.lab
    if not ending.finishes:
        wait_until_expired(lab, ending.app)
        sweep(lab)
        assert "expired" in last(lab, ending.app)["reason"]
    assert_users_on_stable(lab, ending.app)
    assert "rolled-back" == last(lab, ending.app)["outcome"]
