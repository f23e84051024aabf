"""Forward: a step that goes on with a run must not do so once the run is past that point."""

from collections.abc import Sequence

from steps.errors import NotOwnerError
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase
from steps.traffic.traffic import Traffic

CLIMBING = (Phase.PREPARED, Phase.WALKING)
PROMOTABLE = (*CLIMBING, Phase.PROMOTING)


def require_phase(names: ReleaseNames, run: str, traffic: Traffic, phases: Sequence[Phase]) -> Claim:
    """Return the claim of a run that is in one of the phases.

    Raises:
        NotOwnerError: the run holds no claim, or its rollback or promotion began.
    """
    claim = traffic.held(names.app, run, names.virtual_services)
    if claim.phase not in phases:
        reason = f" ({claim.state.reason})" if claim.state.reason else ""
        cause = f"the run is in phase {claim.phase}{reason}, from which it only goes on to its end. Start a new run."
        raise NotOwnerError(f"going on with run {run} of {names.app}", cause)
    return claim
