"""The token `run:epoch:phase`: read from an annotation, compared by owner and by phase."""

from dataclasses import dataclass

from steps.model.run import Claim, Phase

_ORDER = (Phase.PREPARED, Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK, Phase.DONE)


@dataclass(frozen=True, slots=True)
class Token:
    """The parts of a token.

    Args:
        run: id of the run.
        epoch: number of the claim or takeover (>= 1).
        phase: how far the run is.
    """

    run: str
    epoch: int
    phase: Phase

    def is_of(self, claim: Claim) -> bool:
        """Return whether this token was set under the same claim, in any phase."""
        return (self.run, self.epoch) == (claim.run, claim.epoch)

    def is_same(self, other: "Token") -> bool:
        """Return whether both were set under the same claim, in any phase."""
        return (self.run, self.epoch) == (other.run, other.epoch)


def parse_token(token: str) -> Token:
    """Return the parts of a token.

    Raises:
        ValueError: it is not of the form `run:epoch:phase`.
    """
    run, epoch, phase = token.rsplit(":", 2)
    if not run or int(epoch) < 1:
        raise ValueError(f"{token!r} has no run or no epoch")
    return Token(run, int(epoch), Phase(phase))


def is_later(phase: Phase, than: Phase) -> bool:
    """Return whether a run in phase `than` may still move to `phase`."""
    return _ORDER.index(phase) > _ORDER.index(than)
