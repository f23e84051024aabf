"""Phases: a step may continue a run only if the run has not passed that point."""

from collections.abc import Sequence

from steps.errors import NotOwnerError
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.traffic.traffic import Traffic

CLIMBING = (Phase.PREPARED, Phase.WALKING)
PROMOTABLE = (*CLIMBING, Phase.PROMOTING)


def require_phase(names: ReleaseNames, run: str, traffic: Traffic, phases: Sequence[Phase]) -> Claim:
    """Return the claim of a run, which must be in one of the phases.

    Raises:
        NotOwnerError: the run holds no claim, or its rollback or promotion began.
    """
    claim = traffic.held(names.app, run, names.virtual_services)
    if claim.phase not in phases:
        reason = f" ({claim.state.reason})" if claim.state.reason else ""
        cause = f"the run is in phase {claim.phase}{reason}, which cannot be resumed. Start a new run."
        raise NotOwnerError(f"continuing run {run} of {names.app}", cause)
    return claim
