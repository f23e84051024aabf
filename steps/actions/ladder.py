"""The ladder of a run: which weights may come next, and how messages list weights."""

from collections.abc import Sequence

import structlog

from steps.errors import PermanentError
from steps.model.run import Claim

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_SHOWN = 12
"""How many weights a message lists; of a longer ladder it lists the first ones and the last."""


def check_on_ladder(claim: Claim, weight: int) -> None:
    """Refuse a weight that the run's ladder does not allow next; 0 is always allowed.

    Raises:
        PermanentError: the claim knows a ladder without this weight, or the run stands above it.
    """
    ladder, present = claim.state.ladder, claim.state.weight
    if not ladder or not weight or (is_first_of_trial(claim, weight) and weight >= present):
        return
    doing = f"setting weight {weight} of run {claim.run}"
    if weight not in ladder:
        cause = f"it is not on the run's ladder {weight_list(ladder)}, which prepare was given (--ladder)."
        raise PermanentError(doing, f"{cause} Set one of these weights, or roll back and prepare with another ladder.")
    if weight < present:
        cause = f"the run is at weight {present} of its ladder {weight_list(ladder)}, which can only be climbed."
        raise PermanentError(doing, f"{cause} Set 0 to return the users to stable, or roll back.")


def is_first_of_trial(claim: Claim, weight: int) -> bool:
    """Return whether a further trial of the run begins with this weight, which may be below the lowest rung."""
    return any(weight == one.next_weight for one in claim.state.trials)


def is_below_start(claim: Claim, weight: int) -> bool:
    """Return whether a rung is skipped: the run took over users at a higher weight (--at-rest adopt)."""
    state = claim.state
    return 0 < weight < state.adopted <= max(state.weight, state.paused_weight)


def skip_reason(claim: Claim, weight: int) -> str:
    """Return why a rung is skipped, one sentence, and log it."""
    reason = f"weight {weight} is skipped: the canary had weight {claim.state.adopted} when the run began"
    log.info("rung.skipped", weight=weight, detail=reason)
    return reason


def weight_list(weights: Sequence[int]) -> str:
    """Return weights as people write them, without the middle of a long list."""
    texts = [str(weight) for weight in weights]
    return ", ".join(texts if len(texts) <= _SHOWN else [*texts[: _SHOWN - 2], "…", texts[-1]])


def rungs_left(ladder: tuple[int, ...], claim: Claim) -> tuple[int, ...]:
    """Return the rungs to climb: all, or those that a killed process of this run had left."""
    reached = max(claim.state.weight, claim.state.paused_weight)
    left = tuple(weight for weight in ladder if weight >= reached)
    if left != ladder:
        log.info("rollout.resumed", weight=reached, detail=f"the run is at weight {reached} and continues from there")
    return left or ladder[-1:]
