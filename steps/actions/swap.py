"""The promotion of a swap: all users move to the canary, and the old arm stands by before it is scaled down."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from steps.actions.failed_bake import has_failed_in_bake
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.retreat import ReadyArms, ready_arms_if_known, unless_stable_is_down
from steps.actions.still_used import last_look, leaving_stable
from steps.actions.teardown import TeardownPolicy, drain
from steps.cluster.api import Object
from steps.errors import Forbidden, ForeignWrite, Interrupted, NotOwnerError, StepError, StillInUse, TemporaryError
from steps.model.run import Claim, Phase, Pin, RunState, WorkloadState
from steps.traffic.reach import reached_namespaces
from steps.traffic.retreat import Hold
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

ALL = 100
_LOOK_SECONDS = 10.0
_KEPT = "--keep-standby asked for it"


class NewArmLost(StillInUse):
    """The arm that all users of a swap have moved to cannot serve any more, so the old arm must."""


def is_swap(claim: Claim) -> bool:
    """Return whether the two Deployments of a run take turns."""
    return claim.state.workloads is not None and claim.state.workloads.is_swap


def has_moved_users(claim: Claim) -> bool:
    """Return whether a run gave all users to the canary of a swap, so that the old arm may be smaller by now.

    At an undo that holds for any weight: people may have changed it since the promotion.
    """
    return is_swap(claim) and (claim.state.weight == ALL or (bool(claim.state.undoes) and claim.state.weight > 0))


def is_swapped(claim: Claim, traffic: Traffic, workload: Workload) -> bool:
    """Return whether only the end of a swap is missing: all users are on the judged canary, and it is ready."""
    state = claim.state
    if not was_promoting(claim) or not has_moved_users(claim) or state.workloads is None or state.pin is None:
        return False
    try:
        weights = traffic.weights(state.targets, state.stable, state.canary)
    except ForeignWrite:
        return False
    return set(weights.values()) == {ALL} and workload.can_serve_all(state.workloads, state.pin)


def was_promoting(claim: Claim) -> bool:
    """Return whether a run is promoting, or was when its rollback or takeover began, which its phase hides."""
    state = claim.state
    if claim.phase is not Phase.ROLLING_BACK:
        return claim.phase is Phase.PROMOTING
    began = state.workloads is not None and state.workloads.promoting_since > 0
    return began and not state.undoes and not has_failed_in_bake(state)


def hold_of(claim: Claim, workload: Workload) -> Hold:
    """Return what holds the weight of a run that goes back.

    The users of a swap that is being promoted, or undone, have all moved to an arm that passed: they stay there while
    it is ready, until it is known which version they get, and the old arm, which may be gone, has pods again.
    """
    state, workloads = claim.state, claim.state.workloads
    moved = has_moved_users(claim) and (bool(state.undoes) or was_promoting(claim))
    if workloads is None or not moved or has_failed_in_bake(state):
        return unless_stable_is_down(claim, workload)

    known: list[ReadyArms] = []

    def hold(obj: Object) -> str:
        if workloads.namespace not in reached_namespaces(obj):
            return ""
        if not known:
            known.append(ready_arms_if_known(workloads, workload))
        old_arm_alone = known[0] == (True, False)
        return "" if old_arm_alone else f"{workloads.canary}, which was promoted, serves until {workloads.stable} can"

    return hold


def begin_swap(
    claim: Claim,
    workloads: WorkloadState,
    pin: Pin,
    unjudged: str,
    teardown: TeardownPolicy,
    traffic: Traffic,
    workload: Workload,
) -> Claim:
    """Begin the promotion, and remember when, and whether the old arm is kept; safe to repeat.

    Raises:
        ForeignWrite: the canary is not the judged one. NotOwnerError: the claim was lost.
    """
    workload.check_pin(workloads, pin)
    kept = {workloads.stable: _KEPT, **workloads.kept} if teardown.keep_standby else workloads.kept
    since = workloads.promoting_since or round(traffic.claims.now(), 1)
    promoting = replace(workloads, kept=kept, promoting_since=since)
    return traffic.claims.move(claim, Phase.PROMOTING, unjudged=unjudged, workloads=promoting)


def move_users(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> Claim:
    """Scale the canary up for all users, then give it all weight; safe to repeat after a kill.

    A baseline runs the old version behind the canary's destination, so it stops first: half of all users would stay
    with it.

    Raises:
        TemporaryError, PermanentError: the canary does not get the pods. ForeignWrite: others changed the weights or
            the canary. NotOwnerError: the claim was lost.
    """
    state, heartbeat, limit = claim.state, ClaimHeartbeat(claim, traffic), teardown.ready_timeout_seconds
    if state.workloads is not None and state.pin is not None:
        alone = replace(state.workloads, baseline="")
        workload.ensure_capacity(alone, claim.token, ALL, limit, heartbeat.renew)
        workload.scale_baseline_down(state.workloads, claim.token)
        routes = traffic.ports(state.targets, state.stable, state.canary)
        workload.require_endpoints(state.workloads, state.canary, routes, limit, heartbeat.renew)
        workload.check_pin(state.workloads, state.pin)  # the new pods may have got another image by a tag that moved
    claim, previous = traffic.set_weight(heartbeat.claim, ALL)
    log.info("weight.set", weight=ALL, previous_weight=previous)
    return claim


def retire_stable(
    claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload, *, enforce: bool
) -> Claim:
    """Let the old arm stand by, then scale it to 0, unless other routes lead to it or it is to be kept.

    Args:
        claim: of the run, with all weight on the canary.
        teardown: how long the old arm stands by.
        traffic: VirtualServices.
        workload: Deployments.
        enforce: set the weight once more although others changed the routes, and wait no longer than requests in
            flight need, as rollback and takeover do: nobody guards the standby of a run that died.

    Raises:
        ForeignWrite: somebody else changed the weights, and `enforce` is not set. NotOwnerError: somebody took over.
        StillInUse: see `drain`. NewArmLost: the new arm cannot serve.
    """
    claim, _ = traffic.set_weight(claim, ALL, allow_foreign=enforce)
    workloads = claim.state.workloads
    if workloads is None:
        return claim
    if workloads.stable not in workloads.kept and workload.stable_has_pods(workloads):
        claim = _stand_by(claim, workloads, teardown, traffic, is_cut=enforce)
    side = leaving_stable(claim, workload)
    drain(claim, side, teardown, traffic, workload)
    look = last_look(claim, side, traffic, workload)

    def look_at_both() -> None:
        look()
        _require_new_arm(workloads, workload)

    workload.scale_stable_down(workloads, claim.token, look_at_both)
    _require_new_arm(workloads, workload)  # again: no write reaches two objects
    traffic.return_strays(claim, ALL)
    workload.scale_baseline_down(workloads, claim.token)
    return claim


def _require_new_arm(workloads: WorkloadState, workload: Workload) -> None:
    """Require that the arm which has all users can serve, as somebody may have deleted it since they moved."""
    _, is_ready = workload.ready_arms(workloads)
    if not is_ready:
        cause = (
            f"Deployment {workloads.namespace}/{workloads.canary}, which has all users, has no ready pod. The claim"
            " stays, so that a rollback or sweep returns the users to the old arm: run rollback, or wait for sweep."
        )
        raise NewArmLost(f"stopping Deployment {workloads.namespace}/{workloads.stable}", cause)


def raise_old_arm(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> None:
    """Scale the old arm to the pods it had, before all users return to it; if it gets none, the retreat decides.

    An undo waits for all of them, as many as the promoted arm has by now, and for their endpoints.

    Raises:
        NotOwnerError: the claim was lost. PermanentError: at an undo, no pod of the old arm is behind its Service,
            while the promoted arm still serves.
    """
    workloads, limit = claim.state.workloads, teardown.ready_timeout_seconds
    if workloads is None:
        return
    renew = ClaimHeartbeat(claim, traffic, checks_weights=False).renew
    try:
        workload.ensure_stable_capacity(workloads, claim.token, limit, renew, whole=bool(claim.state.undoes))
    except (Interrupted, NotOwnerError):
        raise
    except StepError as error:
        log.warning("stable.not_ready", deployment=workloads.stable, detail=str(error))
    if claim.state.undoes and workload.ready_arms(workloads) == (True, True):
        _require_old_endpoints(claim.state, workloads, limit, traffic, workload, renew)


def start_old_arm(claim: Claim, teardown: TeardownPolicy, traffic: Traffic, workload: Workload) -> None:
    """Start the old arm of a swap that had stopped: somebody sent the users back there since, by hand or from Git.

    Raises:
        TemporaryError: it does not get ready, so the new arm stays up. NotOwnerError: the claim was lost.
    """
    workloads = claim.state.workloads
    moved = has_moved_users(claim) or bool(claim.state.undoes)
    if workloads is None or not workloads.is_swap or not moved or workload.stable_has_pods(workloads):
        return
    raise_old_arm(claim, teardown, traffic, workload)
    if not workload.ready_arms(workloads)[0]:
        cause = (
            f"Deployment {workloads.namespace}/{workloads.stable}, which gets all users, has no ready pod. So"
            f" {workloads.canary} stays up, and the claim stays. Send the users to {workloads.canary} by hand until"
            f" {workloads.stable} is ready, then run this step again."
        )
        raise TemporaryError(f"returning the users of {claim.app} to {workloads.stable}", cause)


def _require_old_endpoints(
    state: RunState,
    workloads: WorkloadState,
    limit: float,
    traffic: Traffic,
    workload: Workload,
    renew: Callable[[], None],
) -> None:
    routes = traffic.ports(state.targets, state.canary, state.stable)
    old_arm = replace(workloads, stable=workloads.canary, canary=workloads.stable)
    try:
        workload.require_endpoints(old_arm, state.stable, routes, limit, renew)
    except Forbidden as error:  # a sweep's account may not read Services
        log.warning("endpoints.unknown", service=str(state.stable), detail=f"they are not checked: {error.cause}")


def _stand_by(
    claim: Claim, workloads: WorkloadState, teardown: TeardownPolicy, traffic: Traffic, *, is_cut: bool
) -> Claim:
    """Wait for the rest of the standby, which began with weight 100; a repeated promote does not begin it again."""
    since, name = max(claim.state.weights[-1][0], workloads.promoting_since), workloads.stable
    passed = traffic.claims.now() - since
    left = (teardown.drain_seconds if is_cut else max(teardown.standby_seconds, teardown.drain_seconds)) - passed
    if is_cut:
        log.info(
            "standby.cut",
            deployment=name,
            seconds=round(passed, 1),
            effect="it is scaled to 0 now: the run that waited is over",
        )
    elif left >= 1:
        log.info("standby.began", deployment=name, seconds=round(left, 1))
    heartbeat = ClaimHeartbeat(claim, traffic, checks_weights=not is_cut)
    while left > 0:
        teardown.pause(min(left, _LOOK_SECONDS))
        left -= _LOOK_SECONDS
        heartbeat.renew()
    return heartbeat.claim
