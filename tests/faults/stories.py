"""The stories: what ran before, and the step whose every request meets every fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults import stages
from tests.faults.acts import (
    approve,
    bake,
    bootstrap,
    died,
    exit_handler,
    expired,
    fail_rung,
    hotfix,
    is_baking,
    judge_nothing,
    one_scrape,
    pass_rung,
    prepare,
    prepare_next,
    promote,
    promote_external,
    ran,
    release_hook,
    roll_back,
    rollout,
    second_trial,
    set_weight,
    stable_has_new_template,
    supersede,
    sweep,
    sweep_later,
    undo,
    uninstall_hook,
    users_are_on_new_arm,
)
from tests.faults.lab import Act, Lab

Stage = Callable[[Path], Lab]


@dataclass(frozen=True)
class Story:
    """One step at one point of a release.

    Args:
        stage: makes the app.
        before: the steps that ran before.
        act: the step that meets the faults.
        is_way_back: users are back when it ends, whatever else is refused, and 0 means that all is done.
        ways: what is tried after the fault, by name.
    """

    stage: Stage
    before: tuple[Callable[[Lab], object], ...]
    act: Act
    is_way_back: bool = False
    ways: Mapping[str, Act] = field(default_factory=lambda: WAYS)


WAYS: Mapping[str, Act] = {"rollback": exit_handler, "sweep": sweep_later, "prepare": prepare_next}

PREPARED = (ran(prepare),)
WALKED = (*PREPARED, ran(set_weight))
_PASSED = (*PREPARED, ran(pass_rung))
_RETREATED = (*PREPARED, ran(fail_rung))
_PROMOTED = (*_PASSED, ran(promote))
_BAKING = (*_PASSED, died(bake, is_baking))
_HALFWAY = (*_PASSED, died(promote, stable_has_new_template))


def _of_stage(name: str, stage: Stage, halfway: tuple[Callable[[Lab], object], ...] = _HALFWAY) -> dict[str, Story]:
    """Return the stories that every topology has."""
    return {
        f"{name}/prepare": Story(stage, (), prepare),
        f"{name}/set-weight": Story(stage, PREPARED, set_weight),
        f"{name}/analyze-pass": Story(stage, PREPARED, pass_rung),
        f"{name}/analyze-fail": Story(stage, PREPARED, fail_rung),
        f"{name}/promote": Story(stage, _PASSED, promote),
        f"{name}/rollback": Story(stage, WALKED, roll_back, is_way_back=True),
        f"{name}/rollback-of-promote": Story(stage, halfway, roll_back, is_way_back=True),
        f"{name}/sweep": Story(stage, (*WALKED, expired), sweep, is_way_back=True),
        f"{name}/sweep-of-promote": Story(stage, (*halfway, expired), sweep, is_way_back=True),
        f"{name}/undo": Story(stage, _PROMOTED, undo),
    }


_SWAP_HALFWAY = (*_PASSED, died(promote, users_are_on_new_arm))
_TWO = partial(stages.stable_named, services=stages.TWO)
_BASELINE = partial(stages.stable_named, baseline=True)
_SWAP_TWO = partial(stages.swap, services=stages.TWO)

STORIES: dict[str, Story] = {
    **_of_stage("stable-named", stages.stable_named),
    **_of_stage("two-services", _TWO),
    **_of_stage("target-named", stages.target_named),
    **_of_stage("swap", stages.swap, _SWAP_HALFWAY),
    "stable-named/analyze-inconclusive": Story(stages.stable_named, PREPARED, judge_nothing),
    "stable-named/rollback-of-retreat": Story(stages.stable_named, _RETREATED, roll_back, is_way_back=True),
    "stable-named/promote-by-external": Story(stages.stable_named, _PASSED, promote_external),
    "stable-named/bake-pass": Story(stages.stable_named, _PASSED, bake),
    "stable-named/bake-fail": Story(stages.stable_named, _PASSED, partial(bake, bad=True)),
    "stable-named/second-trial": Story(stages.stable_named, PREPARED, second_trial),
    "stable-named/second-trial-fail": Story(stages.stable_named, PREPARED, partial(second_trial, bad=range(99))),
    "two-services/second-trial": Story(_TWO, PREPARED, second_trial),
    "stable-named/one-scrape": Story(stages.stable_named, PREPARED, partial(one_scrape, shared=True)),
    "stable-named/one-scrape-fail": Story(stages.stable_named, PREPARED, one_scrape),
    "two-services/one-scrape-fail": Story(_TWO, PREPARED, one_scrape),
    "stable-named/approve": Story(stages.stable_named, PREPARED, approve),
    "stable-named/supersede": Story(stages.stable_named, WALKED, supersede),
    "stable-named/rollout": Story(stages.stable_named, (), rollout),
    "stable-named/rollout-fail": Story(stages.stable_named, (), partial(rollout, bad=1.0)),
    "stable-named/hotfix": Story(stages.stable_named, (), hotfix),
    "stable-named/hotfix-fail": Story(stages.stable_named, (), partial(hotfix, canary=1.0)),
    "stable-named/rollback-in-bake": Story(stages.stable_named, _BAKING, roll_back, is_way_back=True),
    "stable-named/undo-in-bake": Story(stages.stable_named, _BAKING, undo),
    "target-named/hotfix": Story(stages.target_named, (), hotfix),
    "target-named/hotfix-fail": Story(stages.target_named, (), partial(hotfix, canary=1.0)),
    "target-named/undo-in-bake": Story(stages.target_named, _BAKING, undo),
    "two-services/bake-fail": Story(_TWO, _PASSED, partial(bake, bad=True)),
    "two-services/undo-in-bake": Story(_TWO, _BAKING, undo),
    "baseline/bake-fail": Story(_BASELINE, _PASSED, partial(bake, bad=True)),
    "baseline/bake-pass": Story(_BASELINE, _PASSED, bake),
    "baseline/prepare": Story(_BASELINE, (), partial(prepare, baseline=True)),
    "baseline/analyze-fail": Story(_BASELINE, PREPARED, fail_rung),
    "baseline/promote": Story(_BASELINE, _PASSED, promote),
    "baseline/rollback": Story(_BASELINE, WALKED, roll_back, is_way_back=True),
    "at-rest/prepare-reset": Story(stages.at_rest, (), partial(prepare, at_rest="reset")),
    "at-rest/prepare-adopt": Story(stages.at_rest, (), partial(prepare, at_rest="adopt")),
    "swap/bake-pass": Story(stages.swap, _PASSED, bake),
    "swap/bake-fail": Story(stages.swap, _PASSED, partial(bake, bad=True)),
    "swap/rollout": Story(stages.swap, (), rollout),
    "swap/rollout-fail": Story(stages.swap, (), partial(rollout, bad=1.0)),
    "swap/hotfix": Story(stages.swap, (), hotfix),
    "swap/hotfix-fail": Story(stages.swap, (), partial(hotfix, canary=1.0)),
    "swap/undo-in-bake": Story(stages.swap, _BAKING, undo),
    "swap/rollback-in-bake": Story(stages.swap, _BAKING, roll_back, is_way_back=True),
    "swap-two/promote": Story(_SWAP_TWO, _PASSED, promote),
    "swap-two/rollback": Story(_SWAP_TWO, WALKED, roll_back, is_way_back=True),
    "swap-two/undo": Story(_SWAP_TWO, _PROMOTED, undo),
    "chart/rollout": Story(stages.target_named, (), release_hook),
    "chart/rollout-fail": Story(stages.target_named, (), partial(release_hook, bad=1.0)),
    "chart/rollout-over-dead-run": Story(stages.target_named, (*WALKED, expired), release_hook),
    "chart/rollout-over-edited-weights": Story(stages.users_sent_by_hand, (), release_hook),
    "chart/bootstrap": Story(stages.deployed_alone, (), bootstrap, ways={"again": bootstrap}),
    "chart/uninstall": Story(stages.target_named, WALKED, uninstall_hook),
}
