"""An app whose stable is broken, a hotfix for it, and what is left after one."""

from __future__ import annotations

from pathlib import Path

from tests.support.kubernetes_api.kinds import Json
from tests.support.release_ends import RESTORED
from tests.support.shop_release import APP
from tests.support.stable_evidence import StableEvidence
from tests.support.stepped_cluster import SteppedCluster

WHY = "checkout fails"
HOTFIX: Json = {"hotfix": True, "reason": WHY, "hotfix_min_seconds": 0}


def broken(folder: Path, services: tuple[str, ...] = (APP,)) -> SteppedCluster:
    """Return an app whose stable fails 30 % of its requests."""
    made = SteppedCluster(folder, services)
    made.evidence = StableEvidence(0.3)
    return made


def left(world: SteppedCluster) -> Json:
    """Return what users have, and what is left of runs."""
    world.settle(APP)
    return {name: world.summary()[name] for name in RESTORED}
