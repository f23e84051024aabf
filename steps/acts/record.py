"""The record that stays on the VirtualService after a run's end."""

from steps.model.run import Claim, Record


def record_of(claim: Claim, outcome: str, reason: str, ended: float, verdict: str | None = None) -> Record:
    """Sum a run up.

    Args:
        claim: as it was last written.
        outcome: `promoted`, `rolled-back` or `noop`.
        reason: one sentence.
        ended: unix seconds, the API server's.
        verdict: in place of the last one that the claim keeps ("" where it keeps none).
    """
    memory = claim.memory
    last = memory.verdicts[-1].verdict if memory.verdicts else ""
    return Record(
        run=claim.run,
        epoch=claim.epoch,
        outcome=outcome,
        verdict=last if verdict is None else verdict,
        reason=reason,
        started=memory.started,
        ended=round(ended, 1),  # as `started` is, or a short run would end before it began
        weights=memory.weights,
        images=dict(memory.pin.digests) if memory.pin else {},
        by=memory.by,
    )
