"""The record that stays on the VirtualService after a run's end."""

from steps.model.run import Claim, Record


def record_of(claim: Claim, outcome: str, reason: str, ended: float, verdict: str = "") -> Record:
    """Sum a run up.

    Args:
        claim: as it was last written.
        outcome: `promoted`, `rolled-back` or `noop`.
        reason: one sentence.
        ended: unix seconds, the API server's.
        verdict: the last verdict, "" where nothing was judged.
    """
    memory = claim.memory
    return Record(
        run=claim.run,
        epoch=claim.epoch,
        outcome=outcome,
        verdict=verdict,
        reason=reason,
        started=memory.started,
        ended=round(ended, 1),  # as `started` is, or a short run would end before it began
        weights=memory.weights,
        images=dict(memory.pin.digests) if memory.pin else {},
        by=memory.by,
    )
