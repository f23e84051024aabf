"""Undo a promotion: users go back to the version before it, without a ladder.

An undo is a rollback of a run that was promoted. Its claim is in phase rolling-back and has all that the promoted run
knew, so whatever finds it after a kill (another undo, rollback, sweep) ends it in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from steps.actions.promoted_run import PromotedRun
from steps.actions.recovery import take_over_run
from steps.actions.roll_back import roll_back
from steps.actions.teardown import TeardownPolicy
from steps.errors import ForeignWrite, PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase, RunState, WorkloadState
from steps.model.workload import Topology
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

FindKept = Callable[[ReleaseNames], Mapping[str, str]]

EXPIRY_SECONDS = 120.0
"""How long the claim of an undo outlives its last renewal: as after a takeover, the next sweep must not wait long."""


def undo_promotion(
    promoted: PromotedRun,
    names: ReleaseNames,
    run: str,
    reason: str,
    by: str,
    find_kept: FindKept,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
) -> None:
    """Check that the promotion can be undone, claim the app, and restore the version before it; repeatable.

    Args:
        promoted: what to undo.
        names: of the release, for remedies.
        run: id of the undo, the new owner of the claim.
        reason: one sentence for the record.
        by: who undoes it.
        find_kept: returns the Deployments that other routes lead to by now, which must not be scaled to 0.
        teardown: time limits.
        traffic: VirtualServices.
        workload: Deployments.

    Raises:
        PermanentError: the old version is gone, or Git writes the template. ForeignWrite: somebody else changed it.
        NotOwnerError: another run was faster. TemporaryError: the old version is not ready in time.
    """
    state = promoted.promotion.state
    _refuse_external(state, names.app, promoted.promotion.run)
    if state.workloads is not None:
        _refuse_others(state, state.workloads, names, promoted.promotion.run, workload)
        workload.ended_promotion.check_undo(state.workloads, state.pin)
    if promoted.claim is None:
        if state.workloads is not None:
            kept = {**state.workloads.kept, **find_kept(_names_then(names, state, state.workloads))}
            workloads = replace(state.workloads, kept=kept)
            state = replace(state, workloads=workload.ended_promotion.with_pods_for_users(workloads))
        promoted = replace(promoted, promotion=replace(promoted.promotion, state=state))
        claim = _claim(promoted, names, run, reason, by, traffic)
    else:
        victim, undoes = promoted.claim, promoted.promotion.run
        claim = take_over_run(victim, run, reason, traffic, workload, live=True, undoes=undoes).claim
        traffic.claims.complete_reopened(claim, everywhere=True)
        doing = f"undoing the promotion of run {undoes} of {claim.app}"
        traffic.claims.deployments.mark_if_owner(claim, state.workloads, doing)
    _restore(claim, promoted.claim, claim.state.reason or reason, teardown, traffic, workload)


def _restore(
    claim: Claim, victim: Claim | None, reason: str, teardown: TeardownPolicy, traffic: Traffic, workload: Workload
) -> None:
    """Restore the version before the promotion under an undo's claim.

    Raises:
        ForeignWrite: somebody else changed the serving template since the checks: nothing was undone.
    """
    if roll_back(claim, reason, teardown, traffic, workload, victim=victim, repair=True) != "undone":
        cause = (
            "somebody else changed the serving Deployment's pod template meanwhile (see undo.foreign_template above), "
            "so it was left as it is. Run undo again, which names the remedy."
        )
        raise ForeignWrite(f"undoing the promotion of run {claim.state.undoes}", cause)


def _claim(promoted: PromotedRun, names: ReleaseNames, run: str, reason: str, by: str, traffic: Traffic) -> Claim:
    """Take a claim that has all that the promoted run knew, and the canary's weight as it is now."""
    promotion, now = promoted.promotion, round(traffic.claims.now(), 1)
    kept = promotion.state
    targets = kept.targets
    if not all(target.routes for target in targets):  # cut from a long record
        targets = traffic.resolve(targets, kept.stable, kept.canary)
    weight = max(traffic.weights(targets, kept.stable, kept.canary).values(), default=0)
    if weight:
        log.warning("undo.canary_has_weight", weight=weight, effect="all users are returned to stable")
    state = RunState(
        started=now,
        expires=now + EXPIRY_SECONDS,
        expiry_seconds=EXPIRY_SECONDS,
        targets=targets,
        stable=kept.stable,
        canary=kept.canary,
        weights=((now, weight),) if weight else (),
        workloads=kept.workloads,
        pin=kept.pin,
        reason=reason,
        by=by,
        undoes=promotion.run,
    )
    epoch = promoted.epoch
    if kept.workloads is not None:
        epoch = max(epoch, traffic.claims.deployments.highest_epoch(names.app, kept.workloads))
    return traffic.claims.reopen(Claim(names.app, run, epoch + 1, Phase.ROLLING_BACK, state))


def _names_then(names: ReleaseNames, state: RunState, workloads: WorkloadState) -> ReleaseNames:
    """Return the names as the promoted run had them: since then the arms of a swap have the other roles."""
    return replace(
        names,
        stable=workloads.stable,
        canary=workloads.canary,
        stable_destination=state.stable,
        canary_destination=state.canary,
        topology=Topology(workloads.topology or Topology.STABLE_NAMED),
    )


def _refuse_others(
    state: RunState, workloads: WorkloadState, names: ReleaseNames, promoted: str, workload: Workload
) -> None:
    """Refuse a record that names Deployments of others: it is an annotation, which anybody may have written."""
    doing = f"undoing run {promoted} of {names.app}"
    if workloads.namespace != names.namespace:
        cause = f"the record names Deployments of namespace {workloads.namespace}, the app is in {names.namespace}."
        raise PermanentError(doing, f"{cause} Name its namespace with --namespace.")
    workload.ended_promotion.require_behind(workloads, state.stable, state.canary, doing)


def _refuse_external(state: RunState, app: str, promoted: str) -> None:
    if state.workloads is None or not state.workloads.template_by_external:
        return
    deployment = f"{state.workloads.namespace}/{state.workloads.stable}"
    raise PermanentError(
        f"undoing run {promoted} of {app}",
        f"the pod template of Deployment {deployment} comes from Git (--template-by external), which would write the "
        "promoted version again. Revert it there: `git revert COMMIT`, with the commit that set the image.",
    )
