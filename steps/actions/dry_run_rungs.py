"""Climb a ladder in a dry run: without traffic there is nothing to judge, so each rung counts as passed."""

import structlog

from steps.actions.ladder import rungs_left
from steps.actions.phases import CLIMBING, require_phase
from steps.actions.shift import shift
from steps.model.judgement import Verdict
from steps.model.names import ReleaseNames
from steps.model.rungs import RungVerdict
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def climb_in_dry_run(
    names: ReleaseNames,
    run: str,
    ladder: tuple[int, ...],
    ready_timeout_seconds: float,
    traffic: Traffic,
    workload: Workload,
) -> None:
    """Plan every weight of the ladder, as a canary that passes would get it."""
    for weight in rungs_left(ladder, require_phase(names, run, traffic.claims, CLIMBING)):
        claim = require_phase(names, run, traffic.claims, CLIMBING)
        claim, _ = shift(claim, weight, traffic, workload, ready_timeout_seconds)
        set_at, _ = claim.state.weights[-1]
        traffic.claims.keep_verdict(claim, RungVerdict(weight, str(Verdict.PASS), traffic.claims.now()), set_at)
        log.info("dry_run.rung", weight=weight, detail="here the canary would be judged")
