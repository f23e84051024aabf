"""The policy accepts every write of every step, in releases of each kind and each way back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.contract.admission.accounts import Guarded
from tests.contract.admission.recorded_writes import Recorder
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.shop_release import APP, deployment
from tests.support.stepped_cluster import SteppedCluster
from tests.support.version_pair import V1, VersionPair

TWO = (APP, f"{APP}-inner")
Story = Callable[[Path], Recorder]


def promoted(folder: Path) -> Recorder:
    """Release by single steps, with a gate, a baseline and two VirtualServices."""
    recorder = Recorder(SteppedCluster(folder, TWO, baseline=True))
    recorder.step.prepare()
    recorder.step.set_weight(20)
    recorder.step.approve()
    recorder.step.analyze(60)
    recorder.step.promote()
    return recorder


def rolled_back(folder: Path) -> Recorder:
    """Fail, then roll back."""
    recorder = Recorder(SteppedCluster(folder, TWO))
    recorder.step.prepare()
    recorder.step.analyze(60, FixedEvidence(1.0))
    recorder.step.rollback()
    return recorder


def undone(folder: Path) -> Recorder:
    """Promote by rollout, then undo."""
    recorder = Recorder(SteppedCluster(folder))
    recorder.step.rollout()
    recorder.step.undo()
    return recorder


def swept(folder: Path) -> Recorder:
    """Die on a rung."""
    recorder = Recorder(SteppedCluster(folder, TWO, baseline=True))
    recorder.step.prepare()
    recorder.step.set_weight(60)
    recorder.sweep_later()
    return recorder


def swept_promotion(folder: Path) -> Recorder:
    """Die when stable has its new template."""
    recorder = Recorder(SteppedCluster(folder))
    recorder.step.prepare()
    recorder.step.analyze(60)
    with suppress(Killed):
        StepProcess(recorder.world, KillPoint(4, "after")).promote()
    recorder.sweep_later()
    return recorder


def swept_claim(folder: Path) -> Recorder:
    """Die after the first write of all."""
    recorder = Recorder(SteppedCluster(folder))
    with suppress(Killed):
        StepProcess(recorder.world, KillPoint(1, "after")).prepare()
    recorder.sweep_later()
    return recorder


def swept_undo(folder: Path) -> Recorder:
    """Promote, then die in the undo when it has claimed one of two VirtualServices."""
    recorder = Recorder(SteppedCluster(folder, TWO))
    recorder.step.rollout()
    with suppress(Killed):
        StepProcess(recorder.world, KillPoint(1, "after")).undo()
    recorder.sweep_later()
    assert {(100, 0)} == recorder.world.weights()
    return recorder


def recovered(folder: Path) -> Recorder:
    """Die on a rung; the next prepare takes over."""
    recorder = Recorder(SteppedCluster(folder))
    recorder.step.prepare()
    recorder.step.set_weight(60)
    recorder.world.wait(3600)
    recorder.step.prepare("two")
    return recorder


def swapped(folder: Path) -> Recorder:
    """Let two Deployments take turns: one promoted, one rolled back."""
    world = VersionPair(folder)
    recorder = Recorder(world)
    recorder.step.rollout()
    world.release_to(V1)
    recorder.step.prepare("two", "shop:3")
    recorder.step.analyze(60, FixedEvidence(1.0), run="two")
    recorder.sweep_later()
    return recorder


def bootstrapped(folder: Path) -> Recorder:
    """Make the serving Deployment from the one that people deploy, then release a change of that."""
    world = NewApp(folder)
    recorder = Recorder(world)
    recorder.step.rollout(image="", bootstrap=True)
    world.set_image(APP, "shop:2")
    world.settle(APP)
    recorder.step.rollout(image="", bootstrap=True, run="two")
    recorder.step.rollout(image="", bootstrap=True, run="three")
    return recorder


class NewApp(SteppedCluster):
    """An app whose serving Deployment, shop-primary, does not exist yet."""

    def set_up(self) -> None:
        """Create what a chart creates."""
        self.create(DEPLOYMENT, deployment(APP, "shop:1"))
        self.route_between(f"{APP}-primary", APP)
        self.given = {"topology": "target-named"}


STORIES: tuple[Story, ...] = (
    promoted, rolled_back, undone, swept, swept_promotion, swept_claim, swept_undo, recovered, swapped, bootstrapped,
)  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.__name__))
def test_every_write_of_a_release_is_accepted(guarded: Guarded, tmp_path: Path, story: Story) -> None:
    """As RBAC would let it pass; each is sent by the account that makes it in a cluster."""
    writes = story(tmp_path).writes
    assert 2 < len(writes)
    assert {} == {str(write): said for write in writes if (said := write.repeat(guarded))}


@pytest.mark.usefixtures("guarded")  # it is about the test above
def test_the_stories_write_all_that_steps_write(tmp_path: Path) -> None:
    """Both accounts, every kind; else the test above would prove little."""
    writes = [write for story in STORIES for write in story(tmp_path / story.__name__).writes]
    seen = {(write.account, "create" if write.before is None else "patch", write.plural) for write in writes}
    assert {
        ("walker", "patch", "virtualservices"),
        ("walker", "patch", "deployments"),
        ("walker", "create", "deployments"),
        ("walker", "create", "events"),
        ("sweeper", "patch", "virtualservices"),
        ("sweeper", "patch", "deployments"),
        ("sweeper", "create", "events"),
    } == seen
