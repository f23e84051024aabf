"""The steps that the stories run, and what happened before them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from steps.claim.keys import state_key
from steps.errors import Interrupted, StepError
from steps.step import StepEnd
from tests.faults.clock import CLOCK
from tests.faults.fault_kinds import EXPIRED_SECONDS
from tests.faults.lab import Act, Lab, Process
from tests.faults.wire import Wire
from tests.support.baked_evidence import BakedEvidence
from tests.support.fixed_evidence import FixedEvidence
from tests.support.stable_evidence import StableEvidence
from tests.support.trial_evidence import TrialEvidence


def roll_back(process: Process) -> StepEnd:
    """Roll back the run whose way back is asked for."""
    return process.rollback(run=process.lab.run)


def exit_handler(process: Process) -> StepEnd:
    """Roll back; if another than this run holds the claim by now, that one or a sweep ends it."""
    end = roll_back(process)
    if end.results["outcome"] == "not-owner" and process.lab.token().split(":")[0] not in {"", process.lab.run}:
        return sweep_later(process)
    return end


def sweep_later(process: Process) -> StepEnd:
    """Sweep after the claim expired."""
    CLOCK.seconds += EXPIRED_SECONDS
    return process.sweep()


def prepare_next(process: Process) -> StepEnd:
    """Prepare the next release after the claim expired."""
    CLOCK.seconds += EXPIRED_SECONDS
    end = process.lab.prepare_next(process, "next")
    process.lab.run = "next"
    return end


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


def prepare(process: Process, **more: Any) -> StepEnd:
    """Prepare shop:2."""
    image = "" if process.world.given.get("topology") == "target-named" else "shop:2"
    return process.prepare(image=image, **more)


def set_weight(process: Process) -> StepEnd:
    """Send 60 % of the users to the canary."""
    return process.set_weight(60)


def pass_rung(process: Process) -> StepEnd:
    """Judge a canary without errors at 60 %."""
    return process.analyze(60)


def fail_rung(process: Process) -> StepEnd:
    """Judge a canary that fails every request at 60 %."""
    return process.analyze(60, FixedEvidence(1.0))


def second_trial(process: Process, bad: Collection[int] = (1,)) -> StepEnd:
    """Judge a canary some of whose pods fail everything: the first alarm only returns the users."""
    evidence = TrialEvidence(process.world, lambda number: number in bad)
    return process.analyze(60, evidence, second_trial="auto", min_requests=20)


def one_scrape(process: Process, *, shared: bool = False) -> StepEnd:
    """Judge a canary that fails everything in one scrape: the users go back, and stable's next scrapes decide."""
    back: list[bool] = []
    evidence = TrialEvidence(process.world, lambda _: not (shared and back), scrape_seconds=5.0, past=30)
    evidence.on_weight_zero = lambda: back.append(True)
    evidence.stable_fails_after_alarm = shared
    return process.analyze(60, evidence, min_requests=20)


def judge_nothing(process: Process) -> StepEnd:
    """Judge a canary that nobody sends requests to, for 20 s."""
    return process.analyze(60, FixedEvidence(None), timeout_seconds=20)


def promote(process: Process) -> StepEnd:
    """Promote."""
    return process.promote()


def promote_external(process: Process) -> StepEnd:
    """Promote after Git gave stable the new image."""
    process.world.set_image(process.lab.stable, "shop:2")
    return process.promote(template_by="external")


def bake(process: Process, *, bad: bool = False) -> StepEnd:
    """Promote and bake."""
    swap = process.world.given.get("topology") == "swap"
    return process.promote(bake=BakedEvidence(lambda _: 1.0 if bad else 0.0, swap=swap, every_seconds=5))


def undo(process: Process) -> StepEnd:
    """Undo the last promotion."""
    return process.undo()


def approve(process: Process) -> StepEnd:
    """Open the gate."""
    return process.approve()


def sweep(process: Process) -> StepEnd:
    """Sweep at once."""
    return process.sweep()


def _image(process: Process) -> dict[str, Any]:
    """Return no image where people deploy it themselves."""
    return {"image": ""} if process.world.given.get("topology") == "target-named" else {}


def rollout(process: Process, bad: float = 0.0, **more: Any) -> StepEnd:
    """Release by one command."""
    return process.rollout(FixedEvidence(bad), **_image(process), **more)


def hotfix(process: Process, canary: float = 0.0) -> StepEnd:
    """Release over a stable that fails: a third of its requests, by a ladder that asks the canary alone."""
    process.world.evidence = StableEvidence(0.3)
    given: dict[str, Any] = {"hotfix": True, "reason": "checkout fails", "hotfix_min_seconds": 0}
    return process.rollout(StableEvidence(0.3, canary=canary), "one", **_image(process), **given)


def release_hook(process: Process, bad: float = 0.0) -> StepEnd:
    """The release hook of the chart: the arguments that its canary.yaml has; each release is a run of its own."""
    process.lab.run = "hook"
    given: dict[str, Any] = {"bootstrap": True, "at_rest": "reset", "on_busy": "supersede", "busy_timeout_seconds": 60}
    return rollout(process, bad, **given, deadline_seconds=240, run=process.lab.run)


def uninstall_hook(process: Process) -> StepEnd:
    """The uninstall hook of the chart, whose errors are only logged."""
    try:
        return process.rollback(run="", any_run=True, reason="helm uninstall")
    except Interrupted:
        raise
    except StepError as error:
        return StepEnd({"outcome": "failed"}, summary={"error": str(error)})


def bootstrap(process: Process) -> StepEnd:
    """Make the serving Deployment."""
    return process.bootstrap()


def supersede(process: Process) -> StepEnd:
    """Prepare a release that takes over from the one under way."""
    process.lab.run = "rival"
    return process.prepare(run="rival", image="shop:3", on_busy="supersede")


def is_baking(lab: Lab) -> bool:
    """Return whether the first VirtualService says that a bake began."""
    state = lab.world.annotation(state_key("shop"), name=lab.world.services[0])
    return bool(state) and bool(json.loads(state).get("bake_since"))


def stable_has_new_template(lab: Lab) -> bool:
    """Return whether stable was given the new version."""
    return lab.world.image(lab.stable) == "shop:2"


def users_are_on_new_arm(lab: Lab) -> bool:
    """Return whether all users of a swap have moved."""
    return lab.world.weights() == {(0, 100)}
