"""A release that waits on its first rung with users on the canary, so that a test can disturb it there."""

from __future__ import annotations

from tests.e2e.argo.workflow import Workflow
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

EXPIRY_SECONDS = 120
"""Expiry of claims: the minimum, to keep the tests short."""
_SWEEP_SECONDS = 60
_STARTS_SECONDS = 90

SWEPT_SECONDS = EXPIRY_SECONDS + _SWEEP_SECONDS + _STARTS_SECONDS
"""The latest time after a run's death at which its users are back, including a pod's start on a busy node."""


def hold(lab: ClusterLab, users: Load, version: str = "v2", app: str = "shop", **settings: float) -> Workflow:
    """Release a version with one pod per rung and return when users met it; its rung would last minutes."""
    release = begin(lab, version, app, **settings)
    meet(users, version)
    return release


def begin(lab: ClusterLab, version: str = "v2", app: str = "shop", **settings: float) -> Workflow:
    """Release a version as `hold`, without waiting for the users."""
    configure(lab, app, min_seconds=300, **settings)
    return Workflow.release(lab, version, "canary-release-lean", app=app)


def meet(users: Load, version: str) -> None:
    """Wait until a dozen users met a version."""
    users.wait_for(lambda seen: seen.versions()[version] > 12, 240)


def sweep_each_minute(lab: ClusterLab) -> None:
    """Let the shipped CronJob run every minute, as often as a CronJob can."""
    kubectl(lab, "patch", "cronjob", "canary-sweep", "--patch", '{"spec": {"schedule": "* * * * *"}}')
