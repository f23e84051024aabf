"""Whether a run's rollback began because its bake failed, so that it undoes a promotion."""

from steps.model.run import RunState
from steps.model.rungs import IN_BAKE


def has_failed_in_bake(state: RunState) -> bool:
    """Return whether the run's rollback began because its bake failed."""
    return any(one.note == IN_BAKE for one in state.verdicts)
