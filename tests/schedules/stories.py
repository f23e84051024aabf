"""What the processes of a schedule do: pipelines of steps, sweeps, and the steps that people call by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steps.errors import StepError
from steps.step import StepEnd
from tests.schedules.process import Process, Story
from tests.schedules.scheduled_steps import ScheduledSteps
from tests.support.baked_evidence import BakedEvidence
from tests.support.fixed_evidence import FixedEvidence
from tests.support.shop_release import NAMESPACE
from tests.support.stable_evidence import StableEvidence

MakeSteps = Callable[[Process], ScheduledSteps]
Stage = Callable[[ScheduledSteps, str], StepEnd]

STAGES: Sequence[tuple[str, Stage]] = (
    ("weight", lambda steps, run: steps.set_weight(20, run)),
    ("rung", lambda steps, run: steps.analyze(20, run=run)),
    ("climb", lambda steps, run: steps.analyze(60, run=run)),
    ("promote", lambda steps, run: steps.promote(run)),
)
"""A pipeline after `prepare`, by the names of its steps."""
PIPELINES = ("walk", "bad", "rollout", "doomed", "gated", "baked", "spoilt", "hotfix")
POLICIES = ("fail", "supersede", "wait")


def pipeline(kind: str, policy: str, make: MakeSteps) -> Story:
    """Return a whole pipeline; whatever happens, it ends with `rollback`, as the exit handlers of engines do.

    Args:
        kind: `walk`: step by step, promoted; `bad`: the canary fails on its second rung; `gated`: waits for an
            approval; `baked`, `spoilt`: promoted and then baked, with good and with bad evidence; `next`: releases
            another image than stable has; `rollout`, `doomed`: a good and a bad canary in one process; `hotfix`: a
            release over a stable that fails; or the name of a stage, for the rest of a walk that another process began.
        policy: what to do while another run holds the app.
        make: returns the steps as a new process of the pipeline.
    """
    return _pipeline(_steps(kind, policy), make)


def release(image: str, policy: str, make: MakeSteps) -> Story:
    """Return a walk that releases this image."""

    def prepare(steps: ScheduledSteps, run: str) -> StepEnd:
        return steps.prepare(run, image, on_busy=policy)

    return _pipeline([prepare, *dict(STAGES).values()], make)


def _pipeline(steps: Sequence[Stage], make: MakeSteps) -> Story:
    def story(process: Process) -> str:
        run, ends = process.name, []
        try:
            for step in steps:
                end = step(make(process), run)
                ends.append(str(end.results.get("outcome", "")))
                if end.exit_code or ends[-1] == "noop":
                    break
        except StepError as error:
            ends.append(type(error).__name__)
        if ends[-1:] != ["promoted"]:
            ends.append(str(make(process).rollback(run).results["outcome"]))
        return ", ".join(filter(None, ends))

    return story


def _steps(kind: str, policy: str) -> list[Stage]:
    def prepare(steps: ScheduledSteps, run: str) -> StepEnd:
        more = {"image": steps.another_image()} if kind == "next" else {}
        return steps.prepare(run, on_busy=policy, busy_timeout_seconds=60, **more)

    def rollout(steps: ScheduledSteps, run: str) -> StepEnd:
        bad = FixedEvidence(0.5) if kind == "doomed" else None
        return steps.rollout(bad, run, on_busy=policy, busy_timeout_seconds=60)

    def hotfix(steps: ScheduledSteps, run: str) -> StepEnd:
        given: dict[str, Any] = {"hotfix": True, "reason": "checkout fails", "hotfix_min_seconds": 0}
        return steps.rollout(StableEvidence(0.3), run, on_busy=policy, busy_timeout_seconds=60, **given)

    if kind in {"rollout", "doomed", "hotfix"}:
        return [hotfix if kind == "hotfix" else rollout]
    stages = dict(STAGES)
    if kind == "bad":
        stages["climb"] = lambda steps, run: steps.analyze(60, FixedEvidence(0.5), run)
    if kind == "gated":
        stages["rung"] = lambda steps, run: steps.analyze(20, run=run, hold=True, timeout_seconds=60)
    if kind in {"baked", "spoilt"}:
        share = 1.0 if kind == "spoilt" else 0.0
        stages["promote"] = lambda steps, run: steps.promote(run, bake=BakedEvidence(lambda _: share, every_seconds=5))
    names = list(stages)
    if kind in names:
        return [stages[one] for one in names[names.index(kind) :]]
    return [prepare, *stages.values()]


def part(last: str, make: MakeSteps) -> Story:
    """Return a walk that dies after the step `last`: `prepare`, or the name of a stage."""

    def story(process: Process) -> str:
        stages: list[tuple[str, Stage]] = [("prepare", lambda steps, run: steps.prepare(run)), *STAGES]
        for name, step in stages:
            step(make(process), process.name)
            if name == last:
                break
        return "killed"

    return story


def sweep(where: str, make: MakeSteps) -> Story:
    """Return a sweep of the apps' namespace, or of `all`."""

    def story(process: Process) -> str:
        end = make(process).sweep_in(None if where == "all" else NAMESPACE)
        return f"exit {end.exit_code} {end.results.get('list', '')}"

    return story


BY_HAND: Mapping[str, Callable[[ScheduledSteps], StepEnd]] = {
    "roll-back": lambda steps: steps.roll_back_any(),
    "undo": lambda steps: steps.undo(),
}
"""Steps that a person calls without the id of a run."""


def by_hand(what: str, make: MakeSteps) -> Story:
    """Return one of `BY_HAND`, or `approve-RUN`."""

    def story(process: Process) -> str:
        steps = make(process)
        end = BY_HAND[what](steps) if what in BY_HAND else steps.approve(what.removeprefix("approve-"))
        return str(end.results.get("outcome", ""))

    return story
