"""The record that stays on the VirtualService after a run's end."""

from steps.model.run import Claim, Memory, Record


def record_of(claim: Claim, outcome: str, reason: str, ended: float, verdict: str | None = None) -> Record:
    """Sum a run up.

    Args:
        claim: as it was last written.
        outcome: `promoted`, `rolled-back` or `noop`.
        reason: one sentence.
        ended: unix seconds, the API server's.
        verdict: in place of the one that the last weight has ("" where it has none).
    """
    memory = claim.memory
    return Record(
        run=claim.run,
        epoch=claim.epoch,
        outcome=outcome,
        verdict=verdict_of(memory) if verdict is None else verdict,
        reason=reason,
        started=memory.started,
        ended=round(ended, 1),  # as `started` is, or a short run would end before it began
        weights=memory.weights,
        images=dict(memory.pin.digests) if memory.pin else {},
        by=memory.by,
    )


def verdict_of(memory: Memory) -> str:
    """Return the verdict of the last weight that users got, "" if it has none; an earlier weight's is about less."""
    last = next((weight for _, weight in reversed(memory.weights) if weight), 0)
    return next((one.verdict for one in memory.verdicts if one.weight == last), "")
