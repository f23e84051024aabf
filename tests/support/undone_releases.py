"""A release that was promoted, what users have after an undo of it, and its record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from steps.claim.keys import record_key
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.release_ends import RESTORED
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster


def release(world: SteppedCluster, run: str = "one", image: str = "shop:2", **more: object) -> None:
    """Release an image and promote it."""
    StepProcess(world).prepare(run, image, **more)
    StepProcess(world).analyze(60, run=run)
    assert "promoted" == StepProcess(world).promote(run).results["outcome"]
    world.settle(APP)


def promoted(folder: Path) -> SteppedCluster:
    """Return an app whose shop:2 was promoted."""
    made = SteppedCluster(folder)
    release(made)
    return made


def seen(world: SteppedCluster) -> Json:
    """Return what users have, and what is left of runs."""
    world.settle(APP)
    summary = world.summary()
    return {name: summary[name] for name in RESTORED}


def record(world: SteppedCluster) -> Json:
    """Return the record of the last run."""
    found: Json = json.loads(world.annotation(record_key(APP)))
    return found


def edit_record(world: SteppedCluster, edit: Callable[[Json], object]) -> None:
    """Change the record."""

    def change(item: Json) -> Json:
        kept = json.loads(item["metadata"]["annotations"][record_key(APP)])
        edit(kept)
        item["metadata"]["annotations"][record_key(APP)] = json.dumps(kept)
        return item

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, APP, change, manager="canary-steps")
