"""The token `run:epoch:phase`: read from an annotation, compared by owner and by phase."""

import re
from dataclasses import dataclass
from typing import Final

from steps.claim.fields import is_object_name
from steps.claim.strict_json import shown
from steps.model.run import Claim, Phase

_ORDER = (Phase.PREPARED, Phase.WALKING, Phase.PROMOTING, Phase.ROLLING_BACK, Phase.DONE)
_LONGEST: Final = 300
_TOKEN: Final = re.compile(rf"(?P<run>[-a-z0-9.]+):(?P<epoch>[1-9][0-9]{{0,14}}):(?P<phase>{'|'.join(Phase)})")


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
        ValueError: it is not of the form `run:epoch:phase`, with a name of Kubernetes, a whole number from 1 on and a
            phase.
    """
    found = _TOKEN.fullmatch(token) if len(token) <= _LONGEST else None
    if found is None or not is_object_name(found["run"]):
        raise ValueError(f"{shown(token)} is not run:epoch:phase")
    return Token(found["run"], int(found["epoch"]), Phase(found["phase"]))


def is_later(phase: Phase, than: Phase) -> bool:
    """Return whether a run in phase `than` may still move to `phase`."""
    return _ORDER.index(phase) > _ORDER.index(than)
