"""The ways in which a PipelineRun may end, and runs that are brought there.

The runs go on side by side, each with an app of its own whose canary is watched at weight 5 until its deadline.
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
        timeouts={"pipeline": "20m0s", "tasks": "2m30s", "finally": "5m0s"},
    ),
    Ending("pipeline-time-out", "", "PipelineRunTimeout", finishes=False, timeouts={"pipeline": "2m30s"}),
)  # fmt: skip


def patient(ending: Ending) -> dict[str, float]:
    """Return settings with which a rung is watched to its deadline, and a claim that nobody renews soon expires."""
    return {"min_seconds": ending.rung_seconds, "timeout_seconds": ending.rung_seconds, "expiry_seconds": 120}


def begin(lab: ClusterLab, endings: Iterable[Ending]) -> dict[str, Release]:
    """Start a run for each ending, and end those that do not end by themselves once they watch their canary."""
    for one in endings:
        deploy(lab, one.app, **patient(one))
    found = {one.app: start(lab, one.app, GOOD, timeouts=one.timeouts) for one in endings}
    for one in endings:
        if one.status:
            found[one.app].wait_for_weight(5)
        if one.status == "deleted":
            found[one.app].delete()
        elif one.status:
            found[one.app].set_status(one.status)
    return found


def check_end(release: Release, ending: Ending) -> None:
    """Wait for the end of a run, and see whether Tekton ran its `finish`."""
    lab = release.lab
    if ending.status == "deleted":
        lab.wait_for(lambda: not release.tasks, 180, "the end of the deleted run's tasks")
    else:
        assert ending.reason == release.wait()
        assert ending.finishes == ("finish" in release.tasks)
    assert "promote" not in release.tasks
    if not ending.finishes:
        assert [95, 5] == weights(lab, ending.app), "nobody but sweep may have moved it"


def check_users(release: Release, ending: Ending) -> None:
    """See that its users are back on stable, by sweep where nobody else is left to do it."""
    lab = release.lab
    if not ending.finishes:
        wait_until_expired(lab, ending.app)
        sweep(lab)
        assert "expired" in last(lab, ending.app)["reason"]
    assert_users_on_stable(lab, ending.app)
    assert "rolled-back" == last(lab, ending.app)["outcome"]
