"""How a bake ended, and what promote asks of one; a promote without a bake loads nothing of the judge."""

from dataclasses import dataclass
from typing import Final, Protocol

from steps.model.judgement import Judgement, Verdict
from steps.model.run import Claim

STOPPED: Final = "stopped"
"""Stands for the verdict of a bake that ended because somebody else changed what it watched."""


@dataclass(frozen=True, slots=True)
class BakeEnd:
    """How a bake ended.

    Args:
        claim: as it was last renewed.
        verdict: `pass`, `fail`, `inconclusive` or `stopped`.
        reason: one sentence.
        exit_code: of the step, if nothing else goes wrong.
        judgement: the last one, None if the judge was never asked.
        is_arm_lost: whether the promoted arm has no pods any more, so that nothing speaks for keeping the users there.
    """

    claim: Claim
    verdict: str
    reason: str
    exit_code: int
    judgement: Judgement | None = None
    is_arm_lost: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether the users must leave the promoted version."""
        return self.verdict == Verdict.FAIL


class Baker(Protocol):
    """Watches a promoted version for a while."""

    def watch(self, claim: Claim) -> BakeEnd:
        """Watch until the time is over, the version fails, or somebody else takes over.

        Raises:
            NotOwnerError: the claim was lost. Interrupted: the process was asked to end; a second one goes on.
        """
