"""The stories: what ran before, and the step whose every request meets every fault."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from steps.errors import Interrupted, StepError
from steps.step import StepEnd
from tests.faults import stages
from tests.faults.clock import CLOCK
from tests.faults.fault_kinds import EXPIRED_SECONDS
from tests.faults.lab import Act, Lab, Process
from tests.faults.wire import Wire
from tests.support.baked_evidence import BakedEvidence
from tests.support.fixed_evidence import FixedEvidence
from tests.support.stable_evidence import StableEvidence
from tests.support.trial_evidence import TrialEvidence

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


def _roll_back(process: Process) -> StepEnd:
    return process.rollback(run=process.lab.run)


def _exit_handler(process: Process) -> StepEnd:
    """Roll back; if another than this run holds the claim by now, that one or a sweep ends it."""
    end = _roll_back(process)
    if end.results["outcome"] == "not-owner" and process.lab.token().split(":")[0] not in {"", process.lab.run}:
        return _sweep(process)
    return end


def _sweep(process: Process) -> StepEnd:
    CLOCK.seconds += EXPIRED_SECONDS
    return process.sweep()


def _prepare_next(process: Process) -> StepEnd:
    CLOCK.seconds += EXPIRED_SECONDS
    end = process.lab.prepare_next(process, "next")
    process.lab.run = "next"
    return end


WAYS: Mapping[str, Act] = {"rollback": _exit_handler, "sweep": _sweep, "prepare": _prepare_next}


def ran(act: Act) -> Callable[[Lab], object]:
    """Return what runs a step to its end; it must end well, or with a verdict."""

    def run(lab: Lab) -> None:
        end, _ = lab.attempt(act)
        if end.exit_code not in {0, 5, 6}:
            raise AssertionError(f"a step before the story ended with {end.exit_code}: {end.error}")

    return run


def died(act: Act, when: Callable[[Lab], bool]) -> Callable[[Lab], object]:
    """Return what runs a step until something holds after one of its requests; there it is killed."""

    def run(lab: Lab) -> None:
        end, _ = lab.attempt(act, wire=Wire(lab, ends_when=lambda: when(lab)))
        if end.exit_code is not None:
            raise AssertionError(f"a step before the story was not killed, but ended with {end.exit_code}: {end.error}")

    return run


def expired(lab: Lab) -> None:
    """Let the claim expire, and the cluster come to rest."""
    CLOCK.seconds += EXPIRED_SECONDS
    lab.settle()


def _prepare(process: Process, **more: Any) -> StepEnd:
    image = "" if process.world.given.get("topology") == "target-named" else "shop:2"
    return process.prepare(image=image, **more)


def _walk(process: Process) -> StepEnd:
    return process.set_weight(60)


def _pass(process: Process) -> StepEnd:
    return process.analyze(60)


def _fail(process: Process) -> StepEnd:
    return process.analyze(60, FixedEvidence(1.0))


def _second_trial(process: Process, bad: Collection[int] = (1,)) -> StepEnd:
    """Judge a canary some of whose pods fail everything: the first alarm only returns the users."""
    evidence = TrialEvidence(process.world, lambda number: number in bad)
    return process.analyze(60, evidence, second_trial="auto", min_requests=20)


def _inconclusive(process: Process) -> StepEnd:
    return process.analyze(60, FixedEvidence(None), timeout_seconds=20)


def _promote(process: Process) -> StepEnd:
    return process.promote()


def _promote_external(process: Process) -> StepEnd:
    process.world.set_image(process.lab.stable, "shop:2")
    return process.promote(template_by="external")


def _bake(process: Process, *, bad: bool = False) -> StepEnd:
    swap = process.world.given.get("topology") == "swap"
    return process.promote(bake=BakedEvidence(lambda _: 1.0 if bad else 0.0, swap=swap))


def _undo(process: Process) -> StepEnd:
    return process.undo()


def _approve(process: Process) -> StepEnd:
    return process.approve()


def _just_sweep(process: Process) -> StepEnd:
    return process.sweep()


def _rollout(process: Process, bad: float = 0.0, **more: Any) -> StepEnd:
    image: dict[str, Any] = {"image": ""} if process.world.given.get("topology") == "target-named" else {}
    return process.rollout(FixedEvidence(bad), **image, **more)


def _hotfix(process: Process, canary: float = 0.0) -> StepEnd:
    """Release over a stable that fails: a third of its requests, by a ladder that asks the canary alone."""
    process.world.evidence = StableEvidence(0.3)
    given: dict[str, Any] = {"hotfix": True, "reason": "checkout fails", "hotfix_min_seconds": 0}
    return process.rollout(StableEvidence(0.3, canary=canary), "one", **given)


def _hook(process: Process, bad: float = 0.0) -> StepEnd:
    """The release hook of the chart: the arguments that its canary.yaml has."""
    given: dict[str, Any] = {"bootstrap": True, "at_rest": "reset", "on_busy": "supersede", "busy_timeout_seconds": 60}
    return _rollout(process, bad, **given, deadline_seconds=240)


def _uninstall(process: Process) -> StepEnd:
    """The uninstall hook of the chart, whose errors are only logged."""
    try:
        return process.rollback(run="", any_run=True, reason="helm uninstall")
    except Interrupted:
        raise
    except StepError as error:
        return StepEnd({"outcome": "failed"}, summary={"error": str(error)})


def _bootstrap(process: Process) -> StepEnd:
    return process.bootstrap()


def _supersede(process: Process) -> StepEnd:
    return process.prepare(run="two", image="shop:3", on_busy="supersede")


def _stable_has_new_template(lab: Lab) -> bool:
    return lab.world.image(lab.stable) == "shop:2"


def _users_are_on_new_arm(lab: Lab) -> bool:
    return lab.world.weights() == {(0, 100)}


PREPARED = (ran(_prepare),)
WALKED = (*PREPARED, ran(_walk))
_PASSED = (*PREPARED, ran(_pass))
_RETREATED = (*PREPARED, ran(_fail))
_PROMOTED = (*_PASSED, ran(_promote))
_HALFWAY = (*_PASSED, died(_promote, _stable_has_new_template))


def _of_stage(name: str, stage: Stage, halfway: tuple[Callable[[Lab], object], ...] = _HALFWAY) -> dict[str, Story]:
    """Return the stories that every topology has."""
    return {
        f"{name}/prepare": Story(stage, (), _prepare),
        f"{name}/set-weight": Story(stage, PREPARED, _walk),
        f"{name}/analyze-pass": Story(stage, PREPARED, _pass),
        f"{name}/analyze-fail": Story(stage, PREPARED, _fail),
        f"{name}/promote": Story(stage, _PASSED, _promote),
        f"{name}/rollback": Story(stage, WALKED, _roll_back, is_way_back=True),
        f"{name}/rollback-of-promote": Story(stage, halfway, _roll_back, is_way_back=True),
        f"{name}/sweep": Story(stage, (*WALKED, expired), _just_sweep, is_way_back=True),
        f"{name}/sweep-of-promote": Story(stage, (*halfway, expired), _just_sweep, is_way_back=True),
        f"{name}/undo": Story(stage, _PROMOTED, _undo),
    }


_SWAP_HALFWAY = (*_PASSED, died(_promote, _users_are_on_new_arm))
_TWO = partial(stages.stable_named, services=stages.TWO)
_BASELINE = partial(stages.stable_named, baseline=True)
_SWAP_TWO = partial(stages.swap, services=stages.TWO)

STORIES: dict[str, Story] = {
    **_of_stage("stable-named", stages.stable_named),
    **_of_stage("two-services", _TWO),
    **_of_stage("target-named", stages.target_named),
    **_of_stage("swap", stages.swap, _SWAP_HALFWAY),
    "stable-named/analyze-inconclusive": Story(stages.stable_named, PREPARED, _inconclusive),
    "stable-named/rollback-of-retreat": Story(stages.stable_named, _RETREATED, _roll_back, is_way_back=True),
    "stable-named/second-trial": Story(stages.stable_named, PREPARED, _second_trial),
    "stable-named/second-trial-fail": Story(stages.stable_named, PREPARED, partial(_second_trial, bad=range(99))),
    "two-services/second-trial": Story(_TWO, PREPARED, _second_trial),
    "stable-named/promote-by-external": Story(stages.stable_named, _PASSED, _promote_external),
    "stable-named/bake-pass": Story(stages.stable_named, _PASSED, _bake),
    "stable-named/bake-fail": Story(stages.stable_named, _PASSED, partial(_bake, bad=True)),
    "stable-named/approve": Story(stages.stable_named, PREPARED, _approve),
    "stable-named/supersede": Story(stages.stable_named, WALKED, _supersede),
    "stable-named/rollout": Story(stages.stable_named, (), _rollout),
    "stable-named/rollout-fail": Story(stages.stable_named, (), partial(_rollout, bad=1.0)),
    "stable-named/hotfix": Story(stages.stable_named, (), _hotfix),
    "stable-named/hotfix-fail": Story(stages.stable_named, (), partial(_hotfix, canary=1.0)),
    "baseline/prepare": Story(_BASELINE, (), partial(_prepare, baseline=True)),
    "baseline/analyze-fail": Story(_BASELINE, PREPARED, _fail),
    "baseline/promote": Story(_BASELINE, _PASSED, _promote),
    "baseline/rollback": Story(_BASELINE, WALKED, _roll_back, is_way_back=True),
    "at-rest/prepare-reset": Story(stages.at_rest, (), partial(_prepare, at_rest="reset")),
    "at-rest/prepare-adopt": Story(stages.at_rest, (), partial(_prepare, at_rest="adopt")),
    "swap/bake-fail": Story(stages.swap, _PASSED, partial(_bake, bad=True)),
    "swap/rollout": Story(stages.swap, (), _rollout),
    "swap/rollout-fail": Story(stages.swap, (), partial(_rollout, bad=1.0)),
    "swap-two/promote": Story(_SWAP_TWO, _PASSED, _promote),
    "swap-two/rollback": Story(_SWAP_TWO, WALKED, _roll_back, is_way_back=True),
    "swap-two/undo": Story(_SWAP_TWO, _PROMOTED, _undo),
    "chart/rollout": Story(stages.target_named, (), _hook),
    "chart/rollout-fail": Story(stages.target_named, (), partial(_hook, bad=1.0)),
    "chart/rollout-over-dead-run": Story(stages.target_named, (*WALKED, expired), _hook),
    "chart/bootstrap": Story(stages.deployed_alone, (), _bootstrap, ways={"again": _bootstrap}),
    "chart/uninstall": Story(stages.target_named, WALKED, _uninstall),
}
