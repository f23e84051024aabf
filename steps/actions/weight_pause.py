"""Pause the weight while a cluster event leaves no canary pod, and restore it afterwards.

The phase does not change: the release continues. The claim keeps the weight to restore, so that a step that runs again
after a kill continues from there.
"""

import structlog

from steps.actions.shift import ensure_canary_capacity
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.evidence import Health
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()
Span = tuple[float, float, str]

_FOLLOW_SECONDS = 15.0
"""How often stable's size is looked at: as often as an autoscaler changes it."""


class WeightPause:
    """Keeps users away from a canary whose pods the cluster took away.

    Args:
        traffic: VirtualServices.
        workload: Deployments.
        ready_timeout_seconds: time limit for the pods that the weight needs, once the earlier ones are back (> 0).
    """

    def __init__(self, traffic: Traffic, workload: Workload, ready_timeout_seconds: float) -> None:
        self._traffic, self._workload = traffic, workload
        self._ready_timeout_seconds = ready_timeout_seconds
        self._is_held = False
        self._followed = 0.0

    def reapply(self, claim: Claim) -> Claim:
        """Bring all VirtualServices to the state in the claim, if a kill interrupted a pause or its end."""
        state = claim.state
        if not state.paused_weight:
            return claim
        if state.weight:
            return self._end(claim, state.paused_weight, state.disruptions)
        return self._set(claim, 0, state.paused_weight, state.disruptions)

    def update(self, claim: Claim, health: Health) -> Claim:
        """Pause the weight if no canary pod is left, restore it once all are back.

        Returns:
            The claim; its `paused_weight` is not 0 while the weight is paused.

        Raises:
            ForeignWrite: somebody else changed the weights, or the canary's pods are no longer the pinned ones.
            NotOwnerError: the claim was lost.
        """
        self._log_new_disruptions(claim, health)
        state = claim.state
        if state.paused_weight:
            return self._resume(claim, health)
        if health.disruption and not health.ready and state.weight and self._stable_can_serve(claim):
            return self._pause(claim, health)
        self._follow_stable(claim, health)
        return self._keep_disruptions(claim, health)

    def _pause(self, claim: Claim, health: Health) -> Claim:
        weight = claim.state.weight
        paused = self._set(claim, 0, weight, health.disrupted)
        log.warning("weight.paused", weight=0, previous_weight=weight, reason=health.disruption)
        what = f"run {claim.run} returned all users to stable until the canary's pods are back: {health.disruption}"
        self._traffic.claims.note(paused, "WeightPaused", what, warning=True)
        return paused

    def _resume(self, claim: Claim, health: Health) -> Claim:
        state = claim.state
        if state.workloads is not None and state.pin is not None:
            self._workload.check_pin(state.workloads, state.pin)  # only the judged pods may get users
        if not health.desired or health.ready < health.desired:
            return self._keep_disruptions(claim, health)
        weight = state.paused_weight
        claim = ensure_canary_capacity(claim, weight, self._traffic, self._workload, self._ready_timeout_seconds)
        claim = self._end(claim, weight, health.disrupted)
        log.info("weight.resumed", weight=weight, previous_weight=0)
        what = f"run {claim.run} restored the canary's weight of {weight}: {health.ready} of its pods are ready"
        self._traffic.claims.note(claim, "WeightResumed", what)
        return claim

    def _follow_stable(self, claim: Claim, health: Health) -> None:
        """Start the pods that the canary's weight needs by stable's present size; a trouble with that ends no run."""
        workloads, now = claim.state.workloads, self._traffic.claims.now()
        if workloads is None or not claim.state.weight or health.disruption or now - self._followed < _FOLLOW_SECONDS:
            return
        self._followed = now
        try:
            self._workload.follow_stable(workloads, claim.token, claim.state.weight, health.desired)
        except (Interrupted, NotOwnerError):
            raise
        except StepError as error:
            log.warning("canary.not_scaled_up", deployment=workloads.canary, detail=str(error))

    def _end(self, claim: Claim, weight: int, disruptions: tuple[Span, ...]) -> Claim:
        """End a pause only after every VirtualService has the weight, so that a kill in between is noticed."""
        claim = self._set(claim, weight, weight, disruptions)
        return self._traffic.claims.update_state(claim, paused_weight=0)

    def _set(self, claim: Claim, weight: int, paused: int, disruptions: tuple[Span, ...]) -> Claim:
        return self._traffic.set_weight(claim, weight, paused_weight=paused, disruptions=disruptions)[0]

    def _keep_disruptions(self, claim: Claim, health: Health) -> Claim:
        if health.disrupted == claim.state.disruptions:
            return claim
        return self._traffic.claims.update_state(claim, disruptions=health.disrupted)

    def _stable_can_serve(self, claim: Claim) -> bool:
        """Return whether stable may get the users: it is ready, or neither arm is, as in a retreat."""
        workloads = claim.state.workloads
        if workloads is None:
            return True
        stable_ready, canary_ready = self._workload.ready_arms(workloads)
        if stable_ready or not canary_ready:
            self._is_held = False
            return True
        if not self._is_held:
            self._is_held = True
            what = (
                f"stable Deployment {workloads.namespace}/{workloads.stable} has no ready pod, so the weight stays at"
                f" {claim.state.weight} although the canary's pods are disrupted"
            )
            log.error("pause.held", weight=claim.state.weight, stable=workloads.stable)
            self._traffic.claims.note(claim, "PauseHeld", what, warning=True)
        return False

    def _log_new_disruptions(self, claim: Claim, health: Health) -> None:
        known = len(claim.state.disruptions)
        for began, _, what in health.disrupted[known:]:
            log.warning("canary.disrupted", began=began, reason=what, ready=health.ready, desired=health.desired)
